/** The first descriptor that systemd hands over. sd_listen_fds(3) SD_LISTEN_FDS_START */
const firstDescriptor = 3;

/**
 * The socket that systemd has opened for this process: `milter.listen(systemdSocket() ?? { path: … })`.
 *
 * @param name the `FileDescriptorName=` of the socket unit; without one the first socket.
 * @returns nothing when the process was not started by a socket, or by none of that name. sd_listen_fds_with_names(3)
 */
export function systemdSocket(
  name?: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
  pid: number = process.pid,
): { readonly fd: number } | undefined {
  const { LISTEN_PID: listenPid, LISTEN_FDS: listenFds, LISTEN_FDNAMES: listenNames } = environment;
  if (listenPid !== String(pid)) return undefined;
  const count = Number(listenFds);
  if (!Number.isInteger(count) || count < 1) return undefined;
  const index = name === undefined ? 0 : (listenNames ?? '').split(':').indexOf(name);
  return index === -1 || index >= count ? undefined : { fd: firstDescriptor + index };
}
