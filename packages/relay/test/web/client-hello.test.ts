import { createServer, type Socket } from 'node:net';
import { connect } from 'node:tls';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseClientHello } from '../../src/web/client-hello.ts';
import { TestFolder } from './web-fixture.ts';

/** What a real TLS client says first. */
async function realHello(ALPNProtocols: string[]): Promise<Buffer> {
  const folder = new TestFolder();
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(folder.file('socket'), resolve));
  const arrived = new Promise<Socket>((resolve) => listener.once('connection', resolve));
  const client = connect({ path: folder.file('socket'), servername: 'chat.example.org', ALPNProtocols });
  client.on('error', () => {});
  const socket = await arrived;
  const bytes = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
  client.destroy();
  socket.destroy();
  listener.close();
  folder.remove();
  return bytes;
}

/** The same handshake message cut into records of a few bytes (RFC 8446 §5.1 allows it). */
function inRecordsOf(size: number, hello: Buffer): Buffer {
  const message = hello.subarray(5);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    const piece = message.subarray(at, at + size);
    records.push(Buffer.from([22, 3, 1, piece.length >> 8, piece.length & 0xff]), piece);
  }
  return Buffer.concat(records);
}

describe('a ClientHello', () => {
  let hello: Buffer;
  beforeAll(async () => {
    hello = await realHello(['imap', 'http/1.1']);
  });

  it('names the protocols that the client speaks', () => {
    expect(parseClientHello(hello)).toEqual({ kind: 'hello', protocols: ['imap', 'http/1.1'] });
  });

  it('may name none', async () => {
    expect(parseClientHello(await realHello([]))).toEqual({ kind: 'hello', protocols: [] });
  });

  it('is incomplete at every point before its end', () => {
    for (let end = 0; end < hello.length; end += 1) {
      expect(parseClientHello(hello.subarray(0, end))).toEqual({ kind: 'incomplete' });
    }
  });

  it.each([1, 7, 100])('may come in records of %d bytes', (size) => {
    expect(parseClientHello(inRecordsOf(size, hello))).toEqual({ kind: 'hello', protocols: ['imap', 'http/1.1'] });
  });

  it.each([
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n')],
    ['SSH', Buffer.from('SSH-2.0-OpenSSH_10.0\r\n')],
    ['an alert', Buffer.from([21, 3, 1, 0, 2, 2, 40])],
    ['an empty record', Buffer.from([22, 3, 1, 0, 0])],
    ['a record that is too long', Buffer.from([22, 3, 1, 0x40, 1])],
    ['a ServerHello', Buffer.from([22, 3, 3, 0, 4, 2, 0, 0, 0])],
    ['another version of records', Buffer.from([22, 2, 0, 0, 4])],
  ])('is not %s', (_, bytes) => {
    expect(parseClientHello(bytes)).toEqual({ kind: 'not-tls' });
  });

  it('with wrong lengths inside is none', () => {
    for (const at of [43, 44, 76, 77]) {
      const broken = Buffer.from(hello);
      broken[at] = 0xff;
      expect(parseClientHello(broken).kind).not.toBe('incomplete');
    }
  });

  it('never makes the reader throw, whatever is changed in it', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 0, max: 255 }), fc.nat(), (at, byte, end) => {
        const broken = Buffer.from(hello);
        broken[at % broken.length] = byte;
        expect(parseClientHello(broken.subarray(0, end % (broken.length + 1)))).toHaveProperty('kind');
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(
          parseClientHello(Buffer.from([22, 3, 1, 0, bytes.length + 4, 1, 0, 0, bytes.length, ...bytes])),
        ).toHaveProperty('kind');
      }),
    );
  });
});
