import { linkSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAuthServer } from '@postern/dovecot-auth';
import type { AuthServer } from '@postern/dovecot-auth';
import { backend } from '../backend.ts';
import { Peer } from '../peer.ts';

let directory: string;
let server: AuthServer;
const path = (name: string): string => join(directory, name);

beforeEach(() => {
  directory = mkdtempSync('/tmp/dovecot-auth-');
  server = createAuthServer({ backend });
});

afterEach(async () => {
  await server.close({ drainMs: 0 });
  rmSync(directory, { recursive: true });
});

const listening = (other: Server, where: string): Promise<void> =>
  new Promise((resolve) => {
    other.listen(where, resolve);
  });

describe('a socket', () => {
  it('has the mode that was asked for, and is gone after close', async () => {
    await server.listen({ client: [{ path: path('client'), mode: 0o600 }], master: [] });
    expect(statSync(path('client')).mode & 0o777).toBe(0o600);
    await server.close();
    expect(() => statSync(path('client'))).toThrow('ENOENT');
  });

  it('has mode 0660 unless asked otherwise, and the group that was asked for', async () => {
    const group = process.getgid?.() ?? 0;
    await server.listen({ client: [{ path: path('client'), group }], master: [] });
    expect(statSync(path('client')).mode & 0o777).toBe(0o660);
    expect(statSync(path('client')).gid).toBe(group);
  });

  it('is not made for a group that does not exist', async () => {
    const where = { path: path('client'), group: 'no such group' };
    await expect(server.listen({ client: [where], master: [] })).rejects.toThrow('no such group');
    expect(() => statSync(path('client'))).toThrow('ENOENT');
  });

  it('replaces one that nobody serves any more', async () => {
    const other = createServer();
    await listening(other, path('other'));
    // As after a crash: the file is there, and nobody behind it.
    linkSync(path('other'), path('client'));
    await new Promise((resolve) => other.close(resolve));
    await server.listen({ client: [{ path: path('client') }], master: [] });
    using peer = new Peer(path('client'));
    expect(await peer.hear()).toBe('VERSION\t1\t2');
  });

  it('is not taken from a process that serves it', async () => {
    const other = createServer();
    await listening(other, path('client'));
    await expect(server.listen({ client: [{ path: path('client') }], master: [] })).rejects.toThrow('another process');
    await new Promise((resolve) => other.close(resolve));
  });

  it('does not replace a file', async () => {
    writeFileSync(path('client'), 'precious');
    await expect(server.listen({ client: [{ path: path('client') }], master: [] })).rejects.toThrow('not a socket');
  });

  it('is left alone at close when a successor has put its own there', async () => {
    await server.listen({ client: [{ path: path('client') }], master: [] });
    rmSync(path('client'));
    const successor = createServer();
    await listening(successor, path('client'));
    await server.close();
    expect(statSync(path('client')).isSocket()).toBe(true);
    await new Promise((resolve) => successor.close(resolve));
  });
});
