import { readFileSync } from 'node:fs';
import { connect as connectTcp, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Upstream } from '../../src/web/settings.ts';
import { everythingFrom, settings, TestFolder, TestServer } from './web-fixture.ts';

/** Stands where Dovecot and Postfix stand: a TLS server that greets and then repeats what it is told. */
async function upstream(greeting: string): Promise<Upstream> {
  const folder = TestFolder.ofTest();
  const files = folder.certificate('mail');
  const server = createTlsServer(
    { cert: readFileSync(files.certPath), key: readFileSync(files.keyPath), ALPNProtocols: ['imap', 'smtp'] },
    (socket) => {
      socket.on('error', () => {});
      socket.write(greeting);
      socket.pipe(socket);
    },
  );
  await listen(server, folder);
  return { address: { path: folder.file('socket') }, proxyProtocol: 'none' };
}

async function listen(server: Server, folder: TestFolder): Promise<void> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(folder.file('socket'), resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
}

function next(socket: Socket): Promise<string> {
  return new Promise((resolve) => socket.once('data', (data: Buffer) => resolve(data.toString())));
}

describe('the one port', () => {
  it('is IMAP, SMTP and the web, by what the client says it speaks', async () => {
    const alpn = { imap: await upstream('* OK IMAP\r\n'), smtp: await upstream('220 SMTP\r\n') };
    const server = await TestServer.start({ settings: { ...settings, alpn } });
    const greetings = await Promise.all(
      ['imap', 'smtp'].map(async (protocol) => next(await server.connect({ ALPNProtocols: [protocol] }))),
    );
    expect(greetings).toEqual(['* OK IMAP\r\n', '220 SMTP\r\n']);
    for (const protocols of [{}, { ALPNProtocols: ['http/1.1'] }, { ALPNProtocols: ['h2', 'http/1.1'] }]) {
      expect(await server.raw('GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n', protocols)).toContain('200 OK');
    }
  });

  it('carries megabytes both ways, byte for byte', async () => {
    const alpn = { imap: await upstream('') };
    const server = await TestServer.start({ settings: { ...settings, alpn } });
    const socket = await server.connect({ ALPNProtocols: ['imap'] });
    const sent = Buffer.alloc(3_000_000, 'postern ');
    const received = new Promise<Buffer>((resolve) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      socket.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes >= sent.length) resolve(Buffer.concat(chunks));
      });
    });
    socket.write(sent);
    expect((await received).equals(sent)).toBe(true);
    socket.destroy();
  });

  it('leaves mail clients connected for as long as they like, whatever holds for the web', async () => {
    const alpn = { imap: await upstream('* OK IMAP\r\n') };
    const server = await TestServer.start({
      settings: { ...settings, alpn },
      limits: { connectionMs: 20, webConnectionsPerSource: 1 },
    });
    const clients = [];
    for (let count = 0; count < 5; count += 1) {
      const client = await server.connect({ ALPNProtocols: ['imap'] });
      await next(client);
      clients.push(client);
    }
    expect(await server.raw('GET / HTTP/1.1\r\n')).toBe(''); // a visitor of the web, cut off in the meantime
    for (const client of clients) {
      client.write('a NOOP\r\n');
      expect(await next(client)).toBe('a NOOP\r\n');
      client.destroy();
    }
  });

  it('announces the visitor where the upstream asks for it, before anything else', async () => {
    const folder = TestFolder.ofTest();
    const first = new Promise<Buffer>((resolve) => {
      void listen(
        createTcpServer((socket) => socket.once('data', resolve)),
        folder,
      );
    });
    const imap: Upstream = { address: { path: folder.file('socket') }, proxyProtocol: 'v1' };
    const server = await TestServer.start({ settings: { ...settings, alpn: { imap } } });
    const connecting = server.connect({ ALPNProtocols: ['imap'] });
    const text = (await first).toString('latin1');
    expect(text).toMatch(new RegExp(`^PROXY TCP4 127\\.0\\.0\\.1 127\\.0\\.0\\.1 \\d+ ${server.port}\r\n`));
    await Promise.allSettled([connecting, server.close()]);
  });

  it('ends a connection that nobody takes', async () => {
    const folder = TestFolder.ofTest();
    const imap: Upstream = { address: { path: folder.file('nobody') }, proxyProtocol: 'none' };
    const server = await TestServer.start({ settings: { ...settings, alpn: { imap } } });
    await expect(server.connect({ ALPNProtocols: ['imap'] })).rejects.toThrow(/ECONNRESET|disconnected/);
    await expect(server.event('connection.failed')).resolves.toEqual({
      kind: 'connection.failed',
      stage: 'upstream',
      code: 'ENOENT',
    });
  });

  it.each([
    ['says nothing', '', 'timeout'],
    ['speaks no TLS', 'GET / HTTP/1.1\r\n\r\n', 'not-tls'],
    [
      'says more than any ClientHello has',
      `\u0016\u0003\u0001\u0040\u0000\u0001\u0000\u00f0\u0000${'x'.repeat(20_000)}`,
      'not-tls',
    ],
    [
      'says a ClientHello without end',
      '\u0016\u0003\u0001\u0000\u0004\u0001\u0000\u00ff\u0000' + '\u0016\u0003\u0001\u0000\u0004xxxx'.repeat(2000),
      'too-long',
    ],
  ])('cuts off who %s', async (_, bytes, code) => {
    const alpn = { imap: await upstream('* OK IMAP\r\n') };
    const server = await TestServer.start({ settings: { ...settings, alpn }, limits: { handshakeMs: 100 } });
    const socket = connectTcp({ host: '127.0.0.1', port: server.port });
    socket.write(Buffer.from(bytes, 'latin1'));
    expect(await everythingFrom(socket)).toBe('');
    await expect(server.event('connection.failed')).resolves.toEqual({
      kind: 'connection.failed',
      stage: 'client-hello',
      code,
    });
  });
});
