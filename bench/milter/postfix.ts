import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { docker, ensureImage } from '../../docker/src/index.ts';
import { type BenchRow, median, row } from '../harness.ts';

/**
 * Real Postfix with `smtp-source` in one container, ten clients, a connection for each message unless it says
 * otherwise: without a filter and with each kind of negotiation, in turns.
 */
const services = [
  { name: 'no filter', port: 2501, milters: '' },
  { name: 'unix socket, every event observed', port: 2502, milters: 'unix:bench/observing.sock' },
  { name: 'unix socket, without a handler', port: 2506, milters: 'unix:bench/empty.sock' },
  { name: 'unix socket, every event answered', port: 2504, milters: 'unix:bench/waiting.sock' },
  { name: 'loopback TCP', port: 2503, milters: 'inet:127.0.0.1:2599' },
  { name: 'loopback TCP, forced to answer nothing', port: 2505, milters: 'inet:127.0.0.1:2600' },
] as const;
/** The same two on Sendmail's C library: what Postfix itself spends on any filter, and what ours is held against. */
const references = [
  { name: 'libmilter in C, every event observed', port: 2507, milters: 'unix:bench/everything.sock' },
  { name: 'libmilter in C, without a handler', port: 2508, milters: 'unix:bench/nothing.sock' },
] as const;
type Service = (typeof services)[number] | (typeof references)[number];
const sizes = [
  { name: '3 KB', bytes: 3000, messages: 250, rounds: 7 },
  { name: '100 KB', bytes: 100_000, messages: 50, rounds: 7 },
  { name: '10 MB', bytes: 10_000_000, messages: 4, rounds: 5 },
] as const;
/**
 * What is promised is a difference of 3 %, which is less than what one round differs from the next. `smtp-source -d`
 * keeps its connections, as the large senders do; a connection for each message is the most that a filter can cost.
 */
const promised = { bytes: 3000, messages: 300, rounds: 20, limit: 1.03 };
const arrangements = { 'connections kept': '-d', 'a connection for each message': '' };

const settings = [
  'maillog_file=/var/log/mail.log',
  'myhostname=mx.bench.example',
  'mydestination=',
  'message_size_limit=0',
  'smtpd_peername_lookup=no',
  'default_transport=discard:',
  'inet_protocols=ipv4',
];

/** Every kind of negotiation, and every size. */
export async function throughPostfix(): Promise<BenchRow[]> {
  const postfix = await startPostfix();
  try {
    const rows: BenchRow[] = [];
    for (const size of sizes) rows.push(...(await compare(postfix, size)));
    return rows;
  } finally {
    await docker(['rm', '--force', postfix]);
  }
}

/**
 * Small messages without and with a filter right after one another, in changing order: all have the same machine.
 * Beside each of ours runs the same filter in C, since most of what a filter costs Postfix spends itself: it connects,
 * passes the connection on to cleanup, and has the message read again.
 */
export async function withinThreePercent(arrangement: keyof typeof arrangements): Promise<BenchRow[]> {
  const [without, observing, empty] = services;
  const [everything, nothing] = references;
  const turns = [without, empty, nothing, observing, everything];
  const times = new Map<Service, number[]>(turns.map((service) => [service, []]));
  const postfix = await startPostfix();
  try {
    for (let round = 0; round <= promised.rounds; round += 1) {
      const first = round % turns.length;
      for (const service of [...turns.slice(first), ...turns.slice(0, first)]) {
        const time = await send(postfix, service, { ...promised, options: arrangements[arrangement] });
        if (round > 0) times.get(service)?.push(time); // the first round warms up
      }
    }
  } finally {
    await docker(['rm', '--force', postfix]);
  }
  const timesOf = (service: Service): number[] => times.get(service) ?? [];
  const compared = (service: Service, baseline: Service, target?: number): BenchRow => {
    const ratios = timesOf(service).map((time, at) => time / (timesOf(baseline)[at] ?? Number.NaN));
    const spread = `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`;
    return row({
      name: `3 KB, ${arrangement}, ${service.name}, against ${baseline.name} (${spread})`,
      value: median(timesOf(service)),
      baseline: median(timesOf(baseline)),
      unit: 'ms/message',
      ...(target !== undefined && { target: { kind: 'at most', limit: target, of: 'ratio' } }),
    });
  };
  return [[empty, nothing] as const, [observing, everything] as const].flatMap(([ours, reference]) => [
    compared(ours, without, promised.limit),
    compared(reference, without),
    compared(ours, reference, promised.limit),
  ]);
}

async function compare(postfix: string, size: (typeof sizes)[number]): Promise<BenchRow[]> {
  const times = new Map<Service, number[]>(services.map((service) => [service, []]));
  for (let round = 0; round <= size.rounds; round += 1) {
    for (const service of services) {
      const time = await send(postfix, service, size);
      if (round > 0) times.get(service)?.push(time); // the first round warms up
    }
  }
  const [without, observing, , waiting, tcp, silentTcp] = services;
  const baseline = median(times.get(without) ?? []);
  const alone = services.map((service) => {
    const own = times.get(service) ?? [];
    return row({
      name: `${size.name}, ${service.name} (${Math.min(...own).toFixed(2)}–${Math.max(...own).toFixed(2)})`,
      value: median(own),
      unit: 'ms/message',
      ...(service !== without && { baseline }),
    });
  });
  // What the library chooses by itself is never to be the slower way.
  const choices = [
    [observing, waiting],
    [tcp, silentTcp],
  ] as const;
  const chosen = choices.map(([ours, other]) =>
    row({
      name: `${size.name}, ${ours.name}, against: ${other.name}`,
      value: median(times.get(ours) ?? []),
      unit: 'ms/message',
      baseline: median(times.get(other) ?? []),
      target: { kind: 'at most', limit: promised.limit, of: 'ratio' },
    }),
  );
  return [...alone, ...chosen];
}

/** @returns milliseconds for each message. */
async function send(
  postfix: string,
  { port }: Service,
  { bytes, messages, options = '' }: { bytes: number; messages: number; options?: string },
): Promise<number> {
  const script = [
    'start=$(date +%s%N)',
    `smtp-source ${options} -s 10 -m ${messages} -l ${bytes} 127.0.0.1:${port} >&2`,
    'echo $((($(date +%s%N) - start) / 1000))',
    // What is still being delivered is not to slow the next one down.
    'until [ -z "$(find /var/spool/postfix/incoming /var/spool/postfix/active -type f | head -n 1)" ]; do sleep 0.05; done',
  ].join('; ');
  return Number((await docker(['exec', postfix, 'sh', '-c', script])).trim()) / 1000 / messages;
}

/** @returns the container's id, when all its services answer. */
async function startPostfix(): Promise<string> {
  const all = [...services, ...references];
  const master = all.map(
    ({ port, milters }) =>
      `postconf -M ${port}/inet="${port} inet n - y - - smtpd" && postconf -P ${port}/inet/smtpd_milters=${milters} && postconf -P ${port}/inet/milter_default_action=tempfail`,
  );
  const spool = '/var/spool/postfix/bench';
  const script = [
    `mkdir -m 755 ${spool}`,
    `postconf -e ${settings.join(' ')}`,
    ...master,
    `{ /libmilter/no-op-filter ${spool}/everything.sock everything & }`,
    `{ /libmilter/no-op-filter ${spool}/nothing.sock nothing & }`,
    `/node --conditions=@postern/source /repo/packages/milter/bench/filter.ts ${spool} 2599 2600 & exec postfix start-fg`,
  ].join(' && ');
  const repository = join(import.meta.dirname, '../..');
  const folder = await mkdtemp(join(tmpdir(), 'bench-libmilter-'));
  try {
    await copyReference(folder);
    const container = (
      await docker(
        `run --rm --detach --name bench-milter-${process.pid} --entrypoint /usr/bin/tini --volume ${repository}:/repo:ro --volume ${process.execPath}:/node:ro --volume ${folder}:/libmilter:ro`
          .split(' ')
          .concat(await ensureImage('mail', 'trixie'), '--', 'sh', '-c', script),
      )
    ).trim();
    const ready = all.map(({ port }) => `smtp-source -m 1 -l 100 127.0.0.1:${port} 2>/dev/null`).join(' && ');
    await docker(['exec', container, 'sh', '-c', `until ${ready}; do sleep 0.2; done`]);
    return container;
  } finally {
    await rm(folder, { recursive: true, force: true }); // the container has what it needs in memory
  }
}

/** Gets the filter in C out of its image, to run beside Postfix as ours does. */
export async function copyReference(folder: string): Promise<void> {
  const container = (await docker(['create', await ensureImage('libmilter', 'trixie')])).trim();
  await docker(['cp', `${container}:/no-op-filter`, folder]);
  await docker(['rm', container]);
}
