import { copyFileSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { createWebServer } from '../../src/web/server.ts';
import { openRegistration, settings, TestFolder, TestServer } from './web-fixture.ts';

function nameOf(socket: TLSSocket): string {
  return new X509Certificate(socket.getPeerX509Certificate()?.raw ?? '').subject;
}

async function reply(socket: TLSSocket): Promise<string> {
  socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  return new Promise((resolve) => socket.once('data', (data: Buffer) => resolve(data.toString())));
}

describe('a certificate that changes on disk', () => {
  it('is used for new connections, and open ones go on', async () => {
    const server = await TestServer.start();
    const before = await server.connect();
    expect(await reply(before)).toContain('200 OK');

    const next = server.folder.certificate('second');
    renameSync(next.keyPath, server.tls.keyPath);
    renameSync(next.certPath, server.tls.certPath);
    await server.event('certificate.loaded');

    expect(nameOf(await server.connect())).toBe('CN=second');
    expect(await reply(before)).toContain('200 OK');
    expect(nameOf(before)).toBe('CN=first');
  });

  it('is not used while its key is missing, and then is', async () => {
    const server = await TestServer.start();
    const next = server.folder.certificate('second');
    copyFileSync(next.certPath, server.tls.certPath);
    await server.event('certificate.unusable');
    expect(nameOf(await server.connect())).toBe('CN=first');
    copyFileSync(next.keyPath, server.tls.keyPath);
    await server.event('certificate.loaded');
    expect(nameOf(await server.connect())).toBe('CN=second');
  });

  it('is not used when it is nonsense, or gone', async () => {
    const server = await TestServer.start();
    writeFileSync(server.tls.certPath, 'nonsense');
    await server.event('certificate.unusable');
    server.events.length = 0;
    unlinkSync(server.tls.certPath);
    await server.event('certificate.unusable');
    expect(nameOf(await server.connect())).toBe('CN=first');
  });

  it('may be behind a link that is turned to another file, as certbot does', async () => {
    const folder = TestFolder.ofTest();
    const [old, renewed] = [folder.certificate('old'), folder.certificate('renewed')];
    const tls = { certPath: folder.file('live.crt'), keyPath: folder.file('live.key') };
    symlinkSync(old.certPath, tls.certPath);
    symlinkSync(old.keyPath, tls.keyPath);
    const server = await TestServer.start({ tls });
    expect(nameOf(await server.connect())).toBe('CN=old');
    for (const [path, target] of [
      [tls.keyPath, renewed.keyPath],
      [tls.certPath, renewed.certPath],
    ] as const) {
      symlinkSync(target, `${path}.new`);
      renameSync(`${path}.new`, path);
    }
    await server.event('certificate.loaded');
    expect(nameOf(await server.connect())).toBe('CN=renewed');
  });
});

describe('a server', () => {
  it('does not start with a key that is not its certificate’s', () => {
    const folder = TestFolder.ofTest();
    const tls = { certPath: folder.certificate('one').certPath, keyPath: folder.certificate('other').keyPath };
    expect(() => createWebServer({ settings, tls, registration: openRegistration })).toThrow(/key values mismatch/);
  });
});
