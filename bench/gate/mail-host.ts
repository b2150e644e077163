import { join } from 'node:path';
import { docker, ensureImage } from '../../docker/src/index.ts';
import { copyReference } from '../milter/postfix-container.ts';
import { fileOf, recipient, senders, type Size, sizes } from './messages.ts';

/** What Postfix itself spends on any filter that looks at the whole message. */
export const inC = 'a filter in C without policy';
/** Each sender has ports of its own, since `smtp-source` does not log in: there Postfix says who it is. */
export const arrangements = [
  { name: 'no filter', firstPort: 2500, options: () => [] },
  { name: inC, firstPort: 2580, options: (sender: string) => milter('c', sender) },
  { name: 'gate, one worker', firstPort: 2520, options: (sender: string) => milter('one', sender) },
  { name: 'gate, two workers', firstPort: 2540, options: (sender: string) => milter('two', sender) },
  { name: 'proxy', firstPort: 2560, options: () => ['-o smtpd_proxy_filter=127.0.0.1:2599'] },
] as const;
const reinjectionPort = 2598;

export type Arrangement = (typeof arrangements)[number];

export interface Cost {
  readonly messagesPerSecond: number;
  /** Of all programs in the container, the sending one included. */
  readonly cpuSecondsPer1000: number;
}

/** Postfix, the filters, the proxy and the sending programs, in one container. Mail that was accepted is thrown away. */
export interface MailHost extends AsyncDisposable {
  /** All senders at once, a connection for each message. */
  sendAll(arrangement: Arrangement, size: Size): Promise<Cost>;
  /** One message at a time, to all arrangements in turns; milliseconds, for each arrangement's name. */
  sendInTurn(size: Size): Promise<ReadonlyMap<string, readonly number[]>>;
}

const settings = [
  'maillog_file=/var/log/mail.log',
  'myhostname=mx.bench.example',
  'mydestination=',
  'message_size_limit=0',
  'smtpd_peername_lookup=no',
  'smtpd_client_connection_count_limit=0',
  'smtpd_relay_restrictions=permit_mynetworks,reject',
  'default_transport=discard:',
  'inet_protocols=ipv4',
];
const node = '/node --conditions=@postern/source /repo/packages/relay/bench';

/** @param messages the folder with the messages. */
export async function startMailHost(messages: string): Promise<MailHost> {
  await copyReference(messages);
  const repository = join(import.meta.dirname, '../..');
  const volumes = [`${repository}:/repo:ro`, `${process.execPath}:/node:ro`, `${messages}:/messages:ro`];
  const services = arrangements.flatMap(({ firstPort, options }) =>
    senders.map((sender, n) => service(firstPort + n, options(sender))),
  );
  const reinjection = service(reinjectionPort, ['-o smtpd_authorized_xforward_hosts=127.0.0.0/8']);
  const options = [
    '--rm --detach --entrypoint /usr/bin/tini'.split(' '),
    volumes.flatMap((volume) => ['--volume', volume]),
    ['--env', `SERVICES=${[...services, reinjection].join('\n')}`],
  ].flat();
  const image = await ensureImage('mail', 'trixie');
  const container = (await docker(['run', ...options, image, '--', 'sh', '-c', startScript()])).trim();
  const execute = (...command: readonly string[]): Promise<string> => docker(['exec', container, ...command]);
  try {
    await untilUp(execute);
  } catch (cause) {
    await docker(['rm', '--force', container]);
    throw cause;
  }
  return {
    sendAll: (arrangement, size) => sendAll(execute, arrangement, size),
    sendInTurn: (size) => sendInTurn(execute, size),
    async [Symbol.asyncDispose]() {
      await docker(['rm', '--force', container]);
    },
  };
}

type Execute = (...command: readonly string[]) => Promise<string>;

function milter(folder: string, sender: string): string[] {
  return [
    `-o smtpd_milters=unix:/gate/${folder}/submission.sock`,
    '-o milter_default_action=tempfail',
    `-o milter_macro_defaults=auth_authen=${sender}`,
  ];
}

function service(port: number, options: readonly string[]): string {
  return [`${port} inet n - n - - smtpd`, ...options.map((option) => `  ${option}`)].join('\n');
}

function startScript(): string {
  const holder = '/repo/packages/dovecot-auth/dovecot/hold-sockets';
  const filter = (folder: string, workers: number): string => {
    const sockets = ['submission', 'incoming', 'report'].map((name) => `filter-${name}=${folder}/${name}.sock:0666`);
    return `mkdir -p ${folder} && (perl ${holder} ${sockets.join(' ')} -- ${node}/filter.ts ${folder} ${workers} &)`;
  };
  return [
    `postconf -e ${settings.join(' ')}`,
    `printf '%s\\n' "$SERVICES" >> /etc/postfix/master.cf`,
    'mkdir -p /gate/c && (/messages/no-op-filter /gate/c/submission.sock everything &)',
    filter('/gate/one', 1),
    filter('/gate/two', 2),
    'mkdir -p /gate/proxy',
    `(${node}/proxy.ts /gate/proxy 2599 ${reinjectionPort} &)`,
    'exec postfix start-fg',
  ].join(' && ');
}

async function untilUp(execute: Execute): Promise<void> {
  const [size] = sizes;
  if (size === undefined) throw new RangeError('there are no sizes');
  for (const { firstPort } of arrangements) {
    const send = `smtp-source -f ${senders[0]} -t ${recipient} -F ${fileOf(size, 0)} 127.0.0.1:${firstPort}`;
    await execute('timeout', '60', 'sh', '-c', `until ${send} 2>/dev/null; do sleep 0.2; done`);
  }
}

async function sendAll(execute: Execute, { firstPort }: Arrangement, size: Size): Promise<Cost> {
  const { messages } = size;
  const sources = senders.map(
    (sender, n) =>
      `smtp-source -s 1 -m ${messages / senders.length} -f ${sender} -t ${recipient} -F ${fileOf(size, n)} 127.0.0.1:${firstPort + n} >&2 &`,
  );
  const cpu = `{ cat /sys/fs/cgroup/cpuacct/cpuacct.usage 2>/dev/null || sed -n 's/^usage_usec \\(.*\\)/\\1000/p' /sys/fs/cgroup/cpu.stat; }`;
  // What is still being thrown away is of this turn too, and not of the next.
  const isQueued = 'find /var/spool/postfix/incoming /var/spool/postfix/active -type f | grep -q .';
  const output = await execute(
    'sh',
    '-c',
    `${cpu}; date +%s%N; ${sources.join(' ')} wait; date +%s%N; while ${isQueued}; do sleep 0.05; done; ${cpu}`,
  );
  const [cpuBefore = 0, startedAt = 0, endedAt = 0, cpuAfter = 0] = output.trim().split('\n').map(Number);
  return {
    messagesPerSecond: (messages * 1e9) / (endedAt - startedAt),
    cpuSecondsPer1000: (cpuAfter - cpuBefore) / 1e9 / (messages / 1000),
  };
}

async function sendInTurn(execute: Execute, size: Size): Promise<ReadonlyMap<string, readonly number[]>> {
  const ports = arrangements.map(({ firstPort }) => String(firstPort));
  const output = await execute(
    ...`${node}/latency.ts ${senders[0]} ${recipient} ${fileOf(size, 0)} ${size.inTurn}`.split(' '),
    ...ports,
  );
  const times: unknown = JSON.parse(output);
  if (!Array.isArray(times)) throw new TypeError('no times');
  return new Map(arrangements.map((arrangement, at) => [arrangement.name, [times[at]].flat().map(Number)]));
}
