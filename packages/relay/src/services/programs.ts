import type { Config } from '../config/config.ts';
import { leaveWord } from '../push/arrivals.ts';
import { Deliveries } from '../push/deliveries.ts';
import { layoutOf, policyUser, serviceUser, type SocketName } from '../setup/layout.ts';
import { asksForPolicies, policyMain } from '../setup/mta-sts.ts';
import { hasNoDelay, noDelayLibrary } from '../setup/no-delay.ts';
import { inheritedSockets } from './held-sockets.ts';
import type { Log } from './log.ts';
import { keepLine, keepPolicyLine, redact } from './mail-log.ts';
import { reasonOf } from './service.ts';
import { type Program, Supervisor } from './supervisor.ts';

/** Our own services, by the names that `postern serve` knows them by. */
export const serviceNames = ['auth', 'filter', 'web'] as const;
export type ServiceName = (typeof serviceNames)[number];

const socketsOf: Readonly<Record<ServiceName, readonly SocketName[]>> = {
  auth: ['auth-login', 'auth-postfix', 'auth-master', 'auth-counts', 'metadata'],
  filter: ['filter-submission', 'filter-incoming', 'filter-report'],
  web: ['web-counts'],
};

/**
 * What the environment of a service adds to ours, so that it stays small for months. The auth service answers many small
 * questions, for which V8 would let its young generation grow to 32 MB: semi-spaces of 4 MB make that 8. And it hashes
 * passwords, in 19 MiB each: glibc would take the first for a sign that such pieces come again, and keep one for each of
 * libuv's four threads (mallopt(3), M_MMAP_THRESHOLD); with a threshold that is set it gives each back at once.
 */
export function environmentOf(name: ServiceName, env: NodeJS.ProcessEnv = process.env): Record<string, string> {
  if (name !== 'auth') return {};
  const nodeOptions = [env['NODE_OPTIONS'] ?? '', '--max-semi-space-size=4'].join(' ').trim();
  return { NODE_OPTIONS: nodeOptions, MALLOC_MMAP_THRESHOLD_: String(1024 ** 2) };
}

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
    env: environmentOf(name),
    sockets: socketsOf[name].flatMap((socket) => {
      const fd = held.get(socket);
      return fd === undefined ? [] : [{ name: socket, fd }];
    }),
  }));
  const policies: Program = {
    name: 'mta-sts',
    command: 'python3',
    args: ['-c', policyMain, '--config', layout.policyConf, '--verbosity', 'error'],
    user: policyUser,
    env: { HOME: '/nonexistent' }, // it would not start when it may not look for a .netrc there
    stopSignal: 'SIGKILL', // it would wait for seconds, and nobody asks it any more
    keepLine: keepPolicyLine,
  };
  const policySocket = asksForPolicies(config) ? [layout.policySocket] : [];
  return new Supervisor(
    [
      ...ours,
      ...(asksForPolicies(config) ? [policies] : []),
      { name: 'dovecot', command: 'dovecot', args: ['-F', '-c', layout.dovecotConf], keepLine },
      {
        name: 'postfix',
        command: 'sh',
        args: ['-c', startOfPostfix, 'sh', layout.postfixFolder, ...policySocket],
        // For its master, which listens: the programs that it starts get none of our environment (src/master/master.c).
        ...(hasNoDelay() && { env: { LD_PRELOAD: noDelayLibrary } }),
        keepLine: config.push.service === 'off' ? keepLine : announcing(layout.newMailFolder, log),
      },
    ],
    log,
  );
}

/** Keeps the same lines, and leaves word of the mail that they tell of. */
function announcing(folder: string, log: Log): (line: string) => string | undefined {
  const deliveries = new Deliveries();
  return (line) => {
    const user = deliveries.read(line);
    try {
      if (user !== undefined) leaveWord(folder, user);
    } catch (error) {
      log('push.untold', { error: redact(reasonOf(error)) });
    }
    return keepLine(line);
  };
}

/**
 * What `postfix start-fg` does (postfix conf/postfix-script), but without the shell that it leaves between us and the
 * master: a signal to that shell would stop the shell only. What waits in the queue is tried at once; without an answer
 * about policies it would wait for minutes again, so that Postfix waits for that a little.
 */
const startOfPostfix = `
for n in $(seq 50); do [ -z "$2" ] || [ -S "$2" ] && break; sleep 0.1; done
postfix -c "$1" check && MAIL_CONFIG="$1" && export MAIL_CONFIG && exec "$(postconf -xh daemon_directory)/master" -s`;
