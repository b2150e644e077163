import { chmodSync, chownSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { dirname, join } from 'node:path';

export interface UnixAddress {
  readonly path: string;
  /** Permissions of the socket. Default: 0o660, so that the group may connect. */
  readonly mode?: number;
  /** Name or number of the group that the socket belongs to. Default: that of the process. */
  readonly group?: string | number;
}

const defaultMode = 0o660;
/** sockaddr_un.sun_path has 108 bytes, one of them a NUL. */
const maxPathBytes = 107;
let sequence = 0;

/**
 * Listens on a unix socket. It is made under another name, gets its group and mode there, and is then moved to its
 * place: nobody ever meets it with wider permissions, and one that a crash left behind is replaced in the same step.
 *
 * @returns what removes it, unless somebody else's has taken its place.
 * @throws Error `EADDRINUSE` when another process answers there.
 */
export async function listenUnix(
  server: Server,
  { path, mode = defaultMode, group }: UnixAddress,
): Promise<() => void> {
  const groupId = group === undefined ? undefined : groupIdOf(group);
  sequence += 1;
  const unfinished = join(dirname(path), `.${process.pid.toString(36)}${sequence.toString(36)}`);
  for (const each of [path, unfinished]) {
    if (Buffer.byteLength(each) > maxPathBytes) {
      throw new RangeError(`the path of a unix socket has at most ${maxPathBytes} bytes: ${each}`);
    }
  }
  if (await isAnswered(path)) {
    throw Object.assign(new Error(`another process listens on ${path}`), { code: 'EADDRINUSE' });
  }
  rmSync(unfinished, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    const umask = process.umask(0o177); // the socket is made before listen() returns
    try {
      server.listen({ path: unfinished }, () => {
        server.off('error', reject);
        resolve();
      });
    } finally {
      process.umask(umask);
    }
  });
  try {
    if (groupId !== undefined) chownSync(unfinished, -1, groupId);
    chmodSync(unfinished, mode);
    const { ino } = statSync(unfinished);
    renameSync(unfinished, path);
    return () => remove(path, ino);
  } catch (error) {
    server.close();
    rmSync(unfinished, { force: true });
    throw error;
  }
}

function remove(path: string, ino: number): void {
  const current = statSync(path, { throwIfNoEntry: false });
  if (current?.ino === ino) rmSync(path, { force: true });
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ path });
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}

function groupIdOf(group: string | number): number {
  if (typeof group === 'number') return group;
  const line = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${group}:`));
  const id = Number(line?.split(':')[2] ?? Number.NaN);
  if (!Number.isInteger(id)) throw new RangeError(`there is no group ${JSON.stringify(group)} in /etc/group`);
  return id;
}
