import { chmod, chown, lstat, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import type { Server } from 'node:net';
import { dirname, join } from 'node:path';

/** Where a server listens: a path that it binds itself, or a listening socket that it was handed. */
export type Listen =
  | {
      /** The unix socket to create. A stale one is replaced; one that somebody serves is not. */
      readonly path: string;
      /** Its permissions, from the moment it exists: `0o660` unless given. */
      readonly mode?: number;
      /** Its group, by name or number; the process's own unless given. */
      readonly group?: string | number;
    }
  /** A listening socket that systemd or a parent process holds open, so that clients can wait while we restart. */
  | { readonly fd: number };

/** Dovecot retries slowly and Postfix not at all: a burst of logins has to fit the queue. Linux caps it at `somaxconn`. */
const BACKLOG = 4096;

/** Takes away what `listen` has put into the file system. */
export type Unlisten = () => Promise<void>;

/**
 * Makes `server` listen.
 * @throws Error when the path is served by somebody else, is no socket, or the group does not exist.
 */
export async function listen(server: Server, where: Listen): Promise<Unlisten> {
  if ('fd' in where) {
    await listening(server, { fd: where.fd, backlog: BACKLOG });
    return async () => {};
  }
  await refuseLivePath(where.path);
  // Bound in a directory that only we can enter, and moved to its place when its mode and group are right:
  // no moment in which somebody could connect who may not, and none without a socket when an old one is replaced.
  const nest = await mkdtemp(`${dirname(where.path)}/.`);
  try {
    const temporary = join(nest, 's');
    await listening(server, { path: temporary, backlog: BACKLOG });
    await chmod(temporary, where.mode ?? 0o660);
    if (where.group !== undefined) await chown(temporary, -1, await groupId(where.group));
    await rename(temporary, where.path);
  } catch (cause) {
    server.close();
    throw cause;
  } finally {
    await rm(nest, { recursive: true, force: true });
  }
  const own = await lstat(where.path);
  return async () => {
    const current = await lstat(where.path).catch(() => undefined);
    // A successor may have put its own socket there already.
    if (current?.ino === own.ino && current.dev === own.dev) await rm(where.path, { force: true });
  };
}

function listening(server: Server, options: { path?: string; fd?: number; backlog: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function refuseLivePath(path: string): Promise<void> {
  const existing = await lstat(path).catch(() => undefined);
  if (existing === undefined) return;
  if (!existing.isSocket()) throw new Error(`cannot listen on ${path}: something that is not a socket is there`);
  if (await isServed(path)) throw new Error(`cannot listen on ${path}: another process serves it`);
}

function isServed(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(false);
      // EAGAIN: its queue is full, so somebody is there.
      else if (error.code === 'EAGAIN') resolve(true);
      else reject(error);
    });
  });
}

/** Node resolves no group names itself. */
async function groupId(group: string | number): Promise<number> {
  if (typeof group === 'number') return group;
  const line = (await readFile('/etc/group', 'utf8')).split('\n').find((line) => line.startsWith(`${group}:`));
  const id = line?.split(':')[2];
  if (id === undefined) throw new Error(`there is no group ${JSON.stringify(group)} on this machine`);
  return Number(id);
}
