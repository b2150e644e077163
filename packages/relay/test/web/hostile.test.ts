import { connect as connectTcp } from 'node:net';
import { describe, expect, it } from 'vitest';
import { everythingFrom, openRegistration, type Reply, TestServer } from './web-fixture.ts';

function tcp(port: number): ReturnType<typeof connectTcp> {
  return connectTcp({ host: '127.0.0.1', port });
}

describe('a visitor', () => {
  it('who says nothing is cut off', async () => {
    const server = await TestServer.start({ limits: { handshakeMs: 50 } });
    expect(await everythingFrom(tcp(server.port))).toBe('');
    await expect(server.event('connection.failed')).resolves.toMatchObject({ stage: 'handshake' });
  });

  it('who never finishes the headers is cut off', async () => {
    const server = await TestServer.start({ limits: { headersMs: 50, requestMs: 100 } });
    expect(await server.raw('GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ')).toContain('408 Request Timeout');
  });

  it('who never finishes the body is cut off', async () => {
    const server = await TestServer.start({
      limits: { headersMs: 50, requestMs: 100, keepAliveMs: 10_000 },
    });
    const answer = await server.raw('POST /new HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc');
    expect(answer).toContain('HTTP/1.1 200');
  });

  it('who stays for ever is cut off', async () => {
    const server = await TestServer.start({ limits: { connectionMs: 100 } });
    const socket = await server.connect();
    expect(await everythingFrom(socket)).toBe('');
  });

  it('who never reads is cut off', async () => {
    const server = await TestServer.start({ limits: { connectionMs: 200, requestsPerConnection: 100_000 } });
    const socket = await server.connect();
    socket.on('error', () => {});
    socket.pause();
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(2000));
    await expect(new Promise((resolve) => socket.once('close', resolve).resume())).resolves.toBeDefined();
  });

  it.each([
    ['a body that is announced to be long', 'POST /new HTTP/1.1\r\nHost: x\r\nContent-Length: 1025\r\n\r\n', '413'],
    ['headers that are long', `GET / HTTP/1.1\r\nX: ${'x'.repeat(9000)}\r\n\r\n`, '431'],
    ['a request that is none', 'HELO example.org\r\n\r\n', '400'],
    [
      'a request smuggled behind another',
      'POST /new HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n',
      '400',
    ],
  ])('with %s gets an error and no more', async (_, request, status) => {
    const server = await TestServer.start();
    expect(await server.raw(request)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });

  it('with a body without end is cut off', async () => {
    const server = await TestServer.start();
    const request = `POST /new HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${`400\r\n${'x'.repeat(1024)}\r\n`.repeat(100)}`;
    const answer = await server.raw(request);
    expect(answer === '' || answer.startsWith('HTTP/1.1 200')).toBe(true);
  });

  it('who speaks no TLS is cut off', async () => {
    const server = await TestServer.start();
    const socket = tcp(server.port);
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await everythingFrom(socket)).not.toContain('HTTP');
  });

  it('with an old TLS is refused', async () => {
    const server = await TestServer.start();
    await expect(server.connect({ minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' })).rejects.toThrow(
      /protocol|ECONNRESET/,
    );
  });

  it('has no more connections than one source may have, and gets them back', async () => {
    const server = await TestServer.start({ limits: { webConnectionsPerSource: 2 } });
    const [first] = await Promise.all([server.connect(), server.connect()]);
    await expect(server.connect()).rejects.toThrow(/ECONNRESET|disconnected/);
    await expect(server.event('connection.refused')).resolves.toEqual({
      kind: 'connection.refused',
      reason: 'too-many-from-one-source',
    });
    first.destroy();
    const reply = await untilAccepted(() => server.request('GET', '/healthz'));
    expect(reply.status).toBe(200);
  });

  it('does not keep the server from stopping', async () => {
    const server = await TestServer.start({ limits: { drainMs: 50 } });
    const socket = await server.connect();
    socket.on('error', () => {});
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n');
    await expect(Promise.all([server.close(), server.close()])).resolves.toHaveLength(2);
  });
});

describe('what the server tells', () => {
  it('has no address, token or password of a visitor in it', async () => {
    const server = await TestServer.start({ registration: { ...openRegistration, state: () => 'invite' } });
    const { body } = await server.request('POST', '/new?token=s3cretT0ken');
    const { email, password }: { email: string; password: string } = JSON.parse(body);
    await server.request('GET', '/new?token=s3cretT0ken', {
      'User-Agent': 'Peculiar/1',
      Referer: 'https://elsewhere.example/',
    });
    await server.request('GET', '/wp-login.php?who=s3cretT0ken');
    await server.raw('nonsense s3cretT0ken\r\n\r\n');
    const told = JSON.stringify(server.events);
    expect(told).toContain('account.offered');
    for (const secret of ['127.0.0.1', 's3cretT0ken', email, password, 'Peculiar', 'elsewhere', 'wp-login']) {
      expect(told).not.toContain(secret);
    }
  });
});

/** The server hears of the end of a connection when it does. */
async function untilAccepted(attempt: () => Promise<Reply>): Promise<Reply> {
  for (;;) {
    try {
      return await attempt();
    } catch {
      // not yet
    }
  }
}
