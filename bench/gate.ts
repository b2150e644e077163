import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMessage, encrypt } from 'openpgp';
import { docker, ensureImage } from '../docker/src/index.ts';
import { type BenchRow, median, percentile, report, row } from './harness.ts';

/**
 * What the whole gate costs (limits, encryption check, headers) behind real Postfix: against Postfix alone, and against
 * the least that an SMTP proxy with re-injection costs, one that hands on octets and has no policy. In turns, with
 * `smtp-source` in the same container; mail that was accepted is thrown away.
 */
const rounds = 5;
const sizes = [
  { name: '3 KB', bytes: 3_000, messages: 600, inTurn: 200 },
  { name: '100 KB', bytes: 100_000, messages: 200, inTurn: 60 },
  { name: '10 MB', bytes: 10_000_000, messages: 10, inTurn: 6 },
] as const;
/** Each sender has ports of its own, since `smtp-source` does not log in: there Postfix says who it is. */
const senders = Array.from({ length: 10 }, (_, n) => `user${n}@bench.example`);
const arrangements = [
  { name: 'no filter', firstPort: 2500, options: () => [] },
  { name: 'gate, one worker', firstPort: 2520, options: (sender: string) => milter('one', sender) },
  { name: 'gate, two workers', firstPort: 2540, options: (sender: string) => milter('two', sender) },
  { name: 'proxy', firstPort: 2560, options: () => ['-o smtpd_proxy_filter=127.0.0.1:2599'] },
] as const;
const reinjectionPort = 2598;

type Arrangement = (typeof arrangements)[number];
type Size = (typeof sizes)[number];

function milter(workers: string, sender: string): string[] {
  return [
    `-o smtpd_milters=unix:/gate/${workers}/submission.sock`,
    '-o milter_default_action=tempfail',
    `-o milter_macro_defaults=auth_authen=${sender}`,
  ];
}

const folder = await mkdtemp(join(tmpdir(), 'bench-gate-'));
try {
  await writeMessages();
  await report('gate', await measure());
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** Encrypted mail with headers that the gate changes and removes. */
async function writeMessages(): Promise<void> {
  for (const { name, bytes } of sizes) {
    const armored = await encrypt({
      message: await createMessage({ binary: randomBytes(Math.floor(bytes * 0.73) - 500) }),
      passwords: 'benchmark',
      format: 'armored',
    });
    for (const [n, sender] of senders.entries()) {
      const text = [
        `From: Some Body <${sender}>`,
        'To: Another <recipient@other.example>',
        'Subject: plans',
        'Date: Mon, 23 Nov 2026 01:00:00 +0000',
        `Message-ID: <benchmark@bench.example>`,
        'X-Mailer: benchmark',
        'Chat-Version: 1.0',
        'MIME-Version: 1.0',
        'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="b"',
        '',
        '--b',
        'Content-Type: application/pgp-encrypted',
        '',
        'Version: 1',
        '',
        '--b',
        'Content-Type: application/octet-stream',
        '',
        armored.trim().replace(/\r?\n/g, '\r\n'),
        '',
        '--b--',
        '',
      ].join('\r\n');
      await writeFile(fileOf(name, n, folder), text);
    }
  }
}

function fileOf(size: Size['name'], sender: number, inFolder = '/messages'): string {
  return `${inFolder}/${size.replace(' ', '-')}-${sender}`;
}

async function measure(): Promise<BenchRow[]> {
  const container = await startContainer();
  try {
    const rows: BenchRow[] = [];
    for (const size of sizes) rows.push(...(await measureSize(container, size)));
    return rows;
  } finally {
    await docker(['rm', '--force', container]);
  }
}

async function startContainer(): Promise<string> {
  const services = arrangements.flatMap(({ firstPort, options }) =>
    senders.map((sender, n) => service(firstPort + n, options(sender))),
  );
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
  const filter = (name: string, workers: number): string =>
    `mkdir -p /gate/${name} && echo "filter-submission /gate/${name}/submission.sock 0666 root\nfilter-incoming /gate/${name}/incoming.sock 0666 root" > /gate/${name}.list && (perl /repo/docker/relay/hold-sockets.pl /gate/${name}.list ${node}/filter.ts /gate/${name} ${workers} &)`;
  const script = [
    `postconf -e ${settings.join(' ')}`,
    `printf '%s\\n' "$SERVICES" >> /etc/postfix/master.cf`,
    filter('one', 1),
    filter('two', 2),
    `(${node}/pass-through.ts 2599 ${reinjectionPort} &)`,
    'exec postfix start-fg',
  ].join(' && ');
  const repository = join(import.meta.dirname, '..');
  const container = (
    await docker([
      ...'run --rm --detach --entrypoint /usr/bin/tini'.split(' '),
      ...`--volume ${repository}:/repo:ro --volume ${process.execPath}:/node:ro --volume ${folder}:/messages:ro`.split(
        ' ',
      ),
      '--env',
      `SERVICES=${[...services, service(reinjectionPort, ['-o smtpd_authorized_xforward_hosts=127.0.0.0/8'])].join('\n')}`,
      await ensureImage('mail', 'trixie'),
      '--',
      'sh',
      '-c',
      script,
    ])
  ).trim();
  for (const { firstPort } of arrangements) {
    const isUp = `until smtp-source -f ${senders[0]} -F ${fileOf('3 KB', 0)} 127.0.0.1:${firstPort} 2>/dev/null; do sleep 0.2; done`;
    await docker(['exec', container, 'timeout', '60', 'sh', '-c', isUp]);
  }
  return container;
}

function service(port: number, options: readonly string[]): string {
  return [`${port} inet n - n - - smtpd`, ...options.map((option) => `  ${option}`)].join('\n');
}

interface Cost {
  readonly messagesPerSecond: number;
  /** Of all programs in the container, the sending one included. */
  readonly cpuSecondsPer1000: number;
}

async function measureSize(container: string, size: Size): Promise<BenchRow[]> {
  const costs = new Map<string, Cost[]>(arrangements.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const arrangement of arrangements) {
      const cost = await sendAll(container, arrangement, size);
      if (round > 0) costs.get(arrangement.name)?.push(cost); // the first round warms up
    }
  }
  const times = await latencies(container, size);
  return rowsOf(size, costs, times);
}

/** All senders at once, a connection for each message. */
async function sendAll(container: string, { firstPort }: Arrangement, { name, messages }: Size): Promise<Cost> {
  const sources = senders.map(
    (sender, n) =>
      `smtp-source -s 1 -m ${messages / senders.length} -f ${sender} -F ${fileOf(name, n)} 127.0.0.1:${firstPort + n} >&2 &`,
  );
  const cpu = `{ cat /sys/fs/cgroup/cpuacct/cpuacct.usage 2>/dev/null || sed -n 's/^usage_usec \\(.*\\)/\\1000/p' /sys/fs/cgroup/cpu.stat; }`;
  const command = `${cpu}; date +%s%N; ${sources.join(' ')} wait; date +%s%N; ${cpu}`;
  const output = await docker(['exec', container, 'sh', '-c', command]);
  const [cpuBefore = 0, startedAt = 0, endedAt = 0, cpuAfter = 0] = output.trim().split('\n').map(Number);
  return {
    messagesPerSecond: (messages * 1e9) / (endedAt - startedAt),
    cpuSecondsPer1000: (cpuAfter - cpuBefore) / 1e9 / (messages / 1000),
  };
}

/** One message at a time, to all arrangements in turns. */
async function latencies(container: string, { name, inTurn }: Size): Promise<Map<string, readonly number[]>> {
  const [sender = ''] = senders;
  const ports = arrangements.map(({ firstPort }) => String(firstPort));
  const program = ['/node', '--conditions=@postern/source', '/repo/packages/relay/bench/latency.ts'];
  const output = await docker(['exec', container, ...program, sender, fileOf(name, 0), String(inTurn), ...ports]);
  const times: unknown = JSON.parse(output);
  if (!Array.isArray(times)) throw new TypeError('no times');
  return new Map(arrangements.map((arrangement, at) => [arrangement.name, [times[at]].flat().map(Number)]));
}

function rowsOf(
  { name: size }: Size,
  costs: ReadonlyMap<string, readonly Cost[]>,
  times: ReadonlyMap<string, readonly number[]>,
): BenchRow[] {
  const rate = (name: string): number => median((costs.get(name) ?? []).map((cost) => cost.messagesPerSecond));
  const spread = (name: string): string => {
    const rates = (costs.get(name) ?? []).map((cost) => cost.messagesPerSecond);
    return `${Math.min(...rates).toFixed(1)}–${Math.max(...rates).toFixed(1)}`;
  };
  const cpu = (name: string): number => median((costs.get(name) ?? []).map((cost) => cost.cpuSecondsPer1000));
  const added = (name: string, percent: number): number =>
    percentile(times.get(name) ?? [], percent) - percentile(times.get('no filter') ?? [], percent);
  return arrangements.flatMap(({ name }) => {
    const isBaseline = name === 'no filter';
    const isGate = name.startsWith('gate');
    return [
      row({
        name: `${size}, ${name} (${spread(name)})`,
        value: rate(name),
        unit: 'messages/s',
        ...(!isBaseline && { baseline: rate('no filter') }),
        ...(isGate && { target: { kind: 'at least', limit: 0.9, of: 'ratio' } as const }),
      }),
      row({
        name: `${size}, ${name}, CPU`,
        value: cpu(name),
        unit: 's/1,000 messages',
        ...(!isBaseline && { baseline: cpu('no filter') }),
      }),
      ...(isBaseline
        ? []
        : [50, 99].map((percent) =>
            row({ name: `${size}, ${name}, added p${percent}`, value: added(name, percent), unit: 'ms' }),
          )),
      ...(isGate
        ? [
            row({
              name: `${size}, ${name}, against the proxy`,
              value: rate(name),
              baseline: rate('proxy'),
              unit: 'messages/s',
              target: { kind: 'at least', limit: 1.5, of: 'ratio' },
            }),
          ]
        : []),
    ];
  });
}
