import type { Listen } from './listen.ts';

/** The first file descriptor that is passed (sd_listen_fds(3), SD_LISTEN_FDS_START). */
const FIRST = 3;

/**
 * The listening sockets that systemd, or this package's `hold-sockets`, has opened for this process, by the name that
 * the socket unit gives them (`FileDescriptorName=`); none when there are none. Source: sd_listen_fds_with_names(3).
 *
 * @throws Error when the variables contradict each other.
 */
export function inheritedSockets(
  from: { readonly env: Readonly<Record<string, string | undefined>>; readonly pid: number } = process,
): Readonly<Record<string, readonly Listen[]>> {
  const { LISTEN_PID: pid, LISTEN_FDS: count, LISTEN_FDNAMES: names } = from.env;
  // The variables are inherited by every descendant, the sockets are meant for one.
  if (pid === undefined || Number(pid) !== from.pid) return {};
  if (count === undefined || !/^\d{1,4}$/.test(count)) {
    throw new Error(`LISTEN_FDS is ${JSON.stringify(count)} instead of a number`);
  }
  const named = names === undefined ? [] : names.split(':');
  if (named.length > 0 && named.length !== Number(count)) {
    throw new Error(`LISTEN_FDNAMES names ${named.length} sockets, LISTEN_FDS says ${count}`);
  }
  const sockets: Record<string, Listen[]> = {};
  for (let n = 0; n < Number(count); n += 1) {
    const name = named[n] ?? 'unknown';
    sockets[name] = [...(sockets[name] ?? []), { fd: FIRST + n }];
  }
  return sockets;
}
