import { readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { systemdSocket } from '../src/index.ts';
import { TestMta } from '../src/testing/index.ts';
import { folder, gate, opened, path, prepareEachTest } from './gate.ts';

prepareEachTest();

describe('a unix socket', () => {
  it('has its mode and its group from the first moment on, and is gone after close', async () => {
    const server = await gate({ on: {} }).listen({ path, mode: 0o620, group: process.getgid?.() ?? 0 });
    const { mode, gid } = await stat(path);
    expect([(mode & 0o777).toString(8), gid]).toEqual(['620', process.getgid?.()]);
    expect(await readdir(folder)).toEqual(['filter.sock']);
    await server.close();
    expect(await readdir(folder)).toEqual([]);
  });

  it('lets the group in, and nobody else, unless told', async () => {
    opened(await gate({ on: {} }).listen({ path }));
    expect(((await stat(path)).mode & 0o777).toString(8)).toBe('660');
  });

  it('replaces one that a crash left behind', async () => {
    const program = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    const crashed = spawn(process.execPath, ['-e', program]);
    await once(crashed, 'exit');
    expect((await stat(path)).isSocket()).toBe(true);
    opened(await gate({ on: {} }).listen({ path }));
    expect((await new TestMta({ path }).deliver()).outcome).toBe('accepted');
  });

  it('that somebody listens on is left to them', async () => {
    opened(await gate({ on: {} }).listen({ path }));
    await expect(gate({ on: {} }).listen({ path })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect((await new TestMta({ path }).deliver()).outcome).toBe('accepted');
  });

  it('whose place another has taken is not removed', async () => {
    const server = await gate({ on: {} }).listen({ path });
    await rm(path);
    const other = createServer().listen(path);
    await once(other, 'listening');
    await server.close();
    expect((await stat(path)).isSocket()).toBe(true);
    other.close();
  });

  it.each([
    ['a path that is too long', () => ({ path: join(folder, 'x'.repeat(108)) }), /at most 107 bytes/],
    ['a group that there is not', () => ({ path, group: 'no-such-group' }), /no group "no-such-group"/],
    ['a folder that there is not', () => ({ path: join(folder, 'none', 'x.sock') }), /ENOENT|EACCES/],
  ])('with %s is refused', async (_, address, message) => {
    await expect(gate({ on: {} }).listen(address())).rejects.toThrow(message);
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('a filter over TCP', () => {
  it('answers every event, so that no acknowledgement is waited for', async () => {
    const server = opened(await gate({ on: { mail: { observe: () => {} } } }).listen({ port: 0 }));
    const { address } = server;
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const mta = new TestMta({ port });
    const conversation = await mta.open();
    expect(conversation.negotiated.protocol & 0xfd080).toBe(0);
    await conversation.quit();
    expect((await mta.deliver()).outcome).toBe('accepted');
  });
});

describe('systemd activation', () => {
  it.each([
    [{ LISTEN_PID: '7', LISTEN_FDS: '2', LISTEN_FDNAMES: 'a:b' }, undefined, { fd: 3 }],
    [{ LISTEN_PID: '7', LISTEN_FDS: '2', LISTEN_FDNAMES: 'a:b' }, 'b', { fd: 4 }],
    [{ LISTEN_PID: '7', LISTEN_FDS: '2', LISTEN_FDNAMES: 'a:b' }, 'c', undefined],
    [{ LISTEN_PID: '7', LISTEN_FDS: '1', LISTEN_FDNAMES: 'a:b' }, 'b', undefined],
    [{ LISTEN_PID: '8', LISTEN_FDS: '1' }, undefined, undefined],
    [{ LISTEN_PID: '7', LISTEN_FDS: 'x' }, undefined, undefined],
    [{ LISTEN_PID: '7', LISTEN_FDS: '0' }, undefined, undefined],
    [{}, undefined, undefined],
  ])('of %j, asked for %s, is %j', (environment, name, socket) => {
    expect(systemdSocket(name, environment, 7)).toEqual(socket);
  });

  it('hands over a socket that answers, and that outlives the filter', async () => {
    const listener = createServer().listen(path);
    await once(listener, 'listening');
    const program = join(folder, 'activated.mjs');
    const entry = join(import.meta.dirname, '../src/index.ts');
    await writeFile(
      program,
      `import { createMilter, systemdSocket } from ${JSON.stringify(entry)};
       process.env.LISTEN_PID = String(process.pid);
       await createMilter({ name: 'x', on: {} }).listen(systemdSocket());
       process.send('listening');`,
    );
    const handle: unknown = Reflect.get(listener, '_handle');
    const fd = Number(typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : -1);
    const child = spawn(process.execPath, [program], {
      stdio: ['ignore', 'inherit', 'inherit', fd, 'ipc'],
      env: { ...process.env, LISTEN_FDS: '1' },
    });
    await once(child, 'message');
    listener.close(() => {});
    await rm(path, { force: true }).catch(() => {});
    child.kill();
    await once(child, 'exit');
    expect(child.signalCode).toBe('SIGTERM');
  });
});
