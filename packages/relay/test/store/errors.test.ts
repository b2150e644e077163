import { Client } from 'pg';
import { createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { storeError } from '../../src/store/errors.ts';

describe('a store error', () => {
  let onConnection: (socket: Socket) => void;
  const server = createServer((socket) => {
    socket.on('error', () => {});
    onConnection(socket);
  });
  beforeEach(() => once(server.listen(0, '127.0.0.1'), 'listening'));
  afterEach(() => void server.close());

  const connect = async (options: { connectionTimeoutMillis?: number } = {}): Promise<unknown> => {
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const client = new Client({ host: '127.0.0.1', ...(port !== undefined && { port }), ...options });
    client.on('error', () => {});
    try {
      return await client.connect();
    } catch (cause) {
      return storeError(cause, 'here');
    }
  };

  it('of a server that hangs up is one of a server that does not answer', async () => {
    onConnection = (socket) => socket.end();
    expect(await connect()).toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(/^here: the database/),
    });
  });

  it('of a server that says nothing is one of a server that does not answer', async () => {
    const sockets: Socket[] = [];
    onConnection = (socket) => void sockets.push(socket);
    expect(await connect({ connectionTimeoutMillis: 50 })).toMatchObject({ code: 'unreachable' });
    for (const socket of sockets) socket.destroy();
  });

  it.each([
    'Connection terminated',
    'Connection terminated due to connection timeout',
    'timeout exceeded when trying to connect',
    'Query read timeout',
    'Client has encountered a connection error and is not queryable',
    'Client was closed and is not queryable',
  ])('with the words “%s” is one of a server that does not answer', (words) => {
    expect(storeError(new Error(words), 'here').code).toBe('unreachable');
  });

  it('of any other kind is a failure', () => {
    expect(storeError(new Error('syntax error'), 'here').code).toBe('failed');
    expect(storeError('odd', 'here').code).toBe('failed');
  });
});
