import type { Layout, SocketName } from '../setup/layout.ts';

/** Where a server is to listen: on a socket that somebody else holds open, or on one that it binds itself. */
export type Listen = { readonly fd: number } | { readonly path: string; readonly mode: number; readonly group: string };

/** The first descriptor after standard input, output and error (sd_listen_fds(3)). */
const firstFd = 3;

/** The held sockets that this process was started with, by name (LISTEN_FDNAMES). */
export function inheritedSockets(env: NodeJS.ProcessEnv = process.env): ReadonlyMap<string, number> {
  const meantForUs = env['LISTEN_PID'] === undefined || env['LISTEN_PID'] === String(process.pid);
  const names = meantForUs ? (env['LISTEN_FDNAMES'] ?? '').split(':').filter((name) => name !== '') : [];
  return new Map(names.map((name, at) => [name, firstFd + at]));
}

/** The held socket of that name, else the path where the layout wants it. */
export function listenOn(name: SocketName, layout: Layout, inherited: ReadonlyMap<string, number>): Listen {
  const fd = inherited.get(name);
  if (fd !== undefined) return { fd };
  const socket = layout.heldSockets.find((candidate) => candidate.name === name);
  if (socket === undefined) throw new RangeError(`there is no socket named ${name}`);
  return { path: socket.path, mode: Number.parseInt(socket.mode, 8), group: socket.group };
}
