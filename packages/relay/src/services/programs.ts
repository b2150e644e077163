import type { Config } from '../config/config.ts';
import { layoutOf, serviceUser, type SocketName } from '../setup/layout.ts';
import { inheritedSockets } from './held-sockets.ts';
import type { Log } from './log.ts';
import { keepLine } from './mail-log.ts';
import { type Program, Supervisor } from './supervisor.ts';

/** Our own services, by the names that `postern serve` knows them by. */
export const serviceNames = ['auth', 'filter', 'web'] as const;
export type ServiceName = (typeof serviceNames)[number];

const socketsOf: Readonly<Record<ServiceName, readonly SocketName[]>> = {
  auth: ['auth-login', 'auth-postfix', 'auth-master', 'metadata'],
  filter: ['filter-submission', 'filter-incoming', 'filter-report'],
  web: [],
};

/**
 * Everything that a relay on one machine consists of, ours first, because Postfix and Dovecot ask us. On stop they end
 * in reverse: nobody is left who would ask.
 *
 * @param serve the command that runs one of our services, its name to be added.
 */
export function relaySupervisor(config: Config, serve: readonly [string, ...string[]], log: Log): Supervisor {
  const layout = layoutOf(config);
  const held = inheritedSockets();
  const [command, ...args] = serve;
  const ours = serviceNames.map((name): Program => ({
    name,
    command,
    args: [...args, name],
    user: serviceUser,
    sockets: socketsOf[name].flatMap((socket) => {
      const fd = held.get(socket);
      return fd === undefined ? [] : [{ name: socket, fd }];
    }),
  }));
  return new Supervisor(
    [
      ...ours,
      { name: 'dovecot', command: 'dovecot', args: ['-F', '-c', layout.dovecotConf], keepLine },
      { name: 'postfix', command: 'sh', args: ['-c', postfixMasterInForeground, 'sh', layout.postfixFolder], keepLine },
    ],
    log,
  );
}

/**
 * What `postfix start-fg` does (postfix conf/postfix-script), but without the shell that it leaves between us and the
 * master: a signal to that shell would stop the shell only.
 */
const postfixMasterInForeground =
  'postfix -c "$1" check && MAIL_CONFIG="$1" && export MAIL_CONFIG && exec "$(postconf -xh daemon_directory)/master" -s';
