import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureImage, type Suite } from '@postern/docker';
import { GenericContainer, type StartedTestContainer, Wait } from 'testcontainers';

/** A stock mail server that asks a filter. */
export interface MilterMailServer extends AsyncDisposable {
  readonly port: number;
  /** Where the filter has to listen. */
  readonly filterPath: string;
  /** Where the mail server delivers everything to, by LMTP. */
  readonly sinkPath: string;
  /** Runs a shell command inside. @throws when it fails. */
  run(command: string): Promise<string>;
  log(): string;
}

export interface MailServerKind {
  readonly name: string;
  readonly software: 'postfix' | 'sendmail';
  readonly suite: Suite;
}

export const mailServers: readonly MailServerKind[] = [
  { name: 'Postfix 3.7 (Debian 12)', software: 'postfix', suite: 'bookworm' },
  { name: 'Postfix 3.10 (Debian 13)', software: 'postfix', suite: 'trixie' },
  { name: 'Sendmail 8.17 (Debian 12)', software: 'sendmail', suite: 'bookworm' },
  { name: 'Sendmail 8.18 (Debian 13)', software: 'sendmail', suite: 'trixie' },
];

const postfixSettings = `
  maillog_file = /dev/stdout
  myhostname = mx.relay.example
  mydestination =
  mynetworks = 0.0.0.0/0
  inet_protocols = ipv4
  smtpd_peername_lookup = no
  disable_dns_lookups = yes
  default_transport = lmtp:unix:milter/sink.sock
  message_size_limit = 0
  smtpd_milters = unix:milter/filter.sock
  milter_default_action = tempfail
  smtpd_helo_required = yes
  queue_minfree = 0`;

/** Starts one, with its two sockets in a folder that it shares with the tests. */
export async function startMailServer({ software, suite }: MailServerKind): Promise<MilterMailServer> {
  const folder = await mkdtemp(join(tmpdir(), 'milter-'));
  await chmod(folder, 0o755);
  const log: string[] = [];
  const container: StartedTestContainer = await (
    software === 'postfix' ? postfix(suite, folder) : sendmail(suite, folder)
  ).then((built) => built.withLogConsumer((stream) => stream.on('data', (line) => log.push(String(line)))).start());
  return {
    port: container.getMappedPort(25),
    filterPath: join(folder, 'filter.sock'),
    sinkPath: join(folder, 'sink.sock'),
    async run(command) {
      const { output, exitCode } = await container.exec(['sh', '-c', command]);
      if (exitCode !== 0) throw new Error(`${command}: exit code ${exitCode}: ${output}`);
      return output;
    },
    log: () => log.join(''),
    async [Symbol.asyncDispose]() {
      await container.stop({ timeout: 0 });
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function postfix(suite: Suite, folder: string): Promise<GenericContainer> {
  const settings = postfixSettings
    .trim()
    .split('\n')
    .map((line) => `'${line.trim()}'`)
    .join(' ');
  return new GenericContainer(await ensureImage('mail', suite))
    .withEntrypoint(['/usr/bin/tini', '--', 'sh', '-c', `postconf -e ${settings} && exec postfix start-fg`])
    .withBindMounts([{ source: folder, target: '/var/spool/postfix/milter' }])
    .withExposedPorts(25)
    .withWaitStrategy(Wait.forLogMessage(/daemon started/));
}

async function sendmail(suite: Suite, folder: string): Promise<GenericContainer> {
  return (
    new GenericContainer(await ensureImage('sendmail', suite))
      .withHostname('mx.relay.example') // it sleeps for a minute over a name without a domain
      .withBindMounts([{ source: folder, target: '/milter' }])
      .withExposedPorts(25)
      // It says that it starts before it listens; and whoever tries the port is a client, of whom the filter hears later.
      .withWaitStrategy(
        Wait.forSuccessfulCommand("until grep -q ':0019 00000000:0000 0A' /proc/net/tcp; do sleep 0.05; done"),
      )
  );
}
