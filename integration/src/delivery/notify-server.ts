import { ensureImage, type Suite } from '@postern/docker';
import { GenericContainer, type StartedTestContainer, Wait } from 'testcontainers';
import type { Peer } from './line-channel.ts';

/** Stock Dovecot with the notify plugin, where every name and password is right. */
export interface NotifyServer extends AsyncDisposable {
  readonly imap: Peer;
  readonly lmtp: Peer;
  /** Runs a shell command inside. @returns its standard output. @throws when it fails. */
  run(command: string): Promise<string>;
  /** Settles when the command succeeds; asks again and again. */
  eventually(command: string): Promise<void>;
  log(): Promise<string>;
}

/** @param more lines for dovecot.conf, which both series have to understand. */
export async function startNotifyServer(suite: Suite, more = ''): Promise<NotifyServer> {
  const log: string[] = [];
  const container: StartedTestContainer = await new GenericContainer(await ensureImage('notify', suite))
    .withCopyContentToContainer([{ target: '/etc/dovecot/more.conf', content: more }])
    .withAddedCapabilities('SYS_PTRACE') // to look at processes that have dropped root
    .withLogConsumer((stream) => stream.on('data', (line) => log.push(String(line))))
    .withWaitStrategy(Wait.forLogMessage(/starting up for/))
    .start();
  const host = container.getIpAddress('bridge');
  const execute = (command: string): ReturnType<StartedTestContainer['exec']> =>
    container.exec(['sh', '-c', command], { user: 'root' });
  return {
    imap: { host, port: 143 },
    lmtp: { host, port: 24 },
    async run(command) {
      const { stdout, output, exitCode } = await execute(command);
      if (exitCode !== 0) throw new Error(`${command}: exit code ${exitCode}: ${output}`);
      return stdout;
    },
    async eventually(command) {
      await execute(`until ${command}; do sleep 0.05; done`);
    },
    log: async () => log.join(''),
    async [Symbol.asyncDispose]() {
      await container.stop();
    },
  };
}

/**
 * Clients that wait for a second are taken over by one process for all of them (imap-hibernate). The others serve one
 * client after the other, which spares the test a program start for each of its thousand.
 */
export function hibernation(suite: Suite): string {
  return `
imap_hibernate_timeout = 1s
service imap {
  extra_groups = vmail
  ${suite === 'trixie' ? 'restart_request_count = unlimited' : 'service_count = 0'}
  unix_listener imap-master {
    user = dovecot
  }
}
service imap-hibernate {
  unix_listener imap-hibernate {
    mode = 0660
    group = vmail
  }
}
`;
}

/** Succeeds when that many clients are hibernated: their watches lie in the process that waits for all of them. */
export function areHibernated(count: number): string {
  return `[ "$(ls -l /proc/$(pgrep -x imap-hibernate)/fd | grep -c inotify)" = ${count} ]`;
}

/** Every imap process runs under valgrind, which writes a report of its own for each. */
export const underValgrind = `
service imap {
  executable = /usr/bin/valgrind --leak-check=full --log-file=/var/log/valgrind/%p /usr/lib/dovecot/imap
  vsz_limit = 8G
}
`;
