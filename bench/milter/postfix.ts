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
type Service = (typeof services)[number];
const sizes = [
  { name: '3 KB', bytes: 3000, messages: 250, rounds: 5 },
  { name: '100 KB', bytes: 100_000, messages: 50, rounds: 5 },
  { name: '10 MB', bytes: 10_000_000, messages: 4, rounds: 5 },
] as const;
/**
 * What is promised is a difference of 3 %, which is less than what one round differs from the next. `smtp-source -d`
 * keeps its connections, as the large senders do; a connection for each message is the most that a filter can cost.
 */
const promised = { bytes: 3000, messages: 300, rounds: 10, limit: 1.03 };
const arrangements = [
  { name: 'connections kept', options: '-d' },
  { name: 'a connection for each message', options: '' },
] as const;

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

/** Small messages without and with a filter right after one another, in changing order: both have the same machine. */
export async function withinThreePercent(): Promise<BenchRow[]> {
  const [without, observing, empty] = services;
  const turns = [without, empty, observing];
  const times = new Map(arrangements.map((arrangement) => [arrangement, new Map<Service, number[]>()]));
  const postfix = await startPostfix();
  try {
    for (let round = 0; round <= promised.rounds; round += 1) {
      const order = [...turns.slice(round % 3), ...turns.slice(0, round % 3)];
      for (const [arrangement, measured] of times) {
        for (const service of order) {
          const time = await send(postfix, service, { ...promised, ...arrangement });
          // The first round warms up.
          if (round > 0) measured.set(service, [...(measured.get(service) ?? []), time]);
        }
      }
    }
  } finally {
    await docker(['rm', '--force', postfix]);
  }
  return [...times].flatMap(([arrangement, measured]) => {
    const baselines = measured.get(without) ?? [];
    return [empty, observing].map((service) => {
      const own = measured.get(service) ?? [];
      const ratios = own.map((time, at) => time / (baselines[at] ?? Number.NaN));
      return row({
        name: `3 KB, ${arrangement.name}, ${service.name} (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)})`,
        value: median(own),
        baseline: median(baselines),
        unit: 'ms/message',
        target: { kind: 'at most', limit: promised.limit, of: 'ratio' },
      });
    });
  });
}

async function compare(postfix: string, size: (typeof sizes)[number]): Promise<BenchRow[]> {
  const times = new Map<Service, number[]>(services.map((service) => [service, []]));
  for (let round = 0; round <= size.rounds; round += 1) {
    for (const service of services) {
      const time = await send(postfix, service, size);
      if (round > 0) times.get(service)?.push(time); // the first round warms up
    }
  }
  const baseline = median(times.get(services[0]) ?? []);
  return services.map((service) => {
    const own = times.get(service) ?? [];
    return row({
      name: `${size.name}, ${service.name} (${Math.min(...own).toFixed(2)}–${Math.max(...own).toFixed(2)})`,
      value: median(own),
      unit: 'ms/message',
      ...(service.milters !== '' && { baseline }),
    });
  });
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
  const master = services.map(
    ({ port, milters }) =>
      `postconf -M ${port}/inet="${port} inet n - y - - smtpd" && postconf -P ${port}/inet/smtpd_milters=${milters} && postconf -P ${port}/inet/milter_default_action=tempfail`,
  );
  const spool = '/var/spool/postfix/bench';
  const script = [
    `mkdir -m 755 ${spool}`,
    `postconf -e ${settings.join(' ')}`,
    ...master,
    `/node --conditions=@postern/source /repo/packages/milter/bench/filter.ts ${spool} 2599 2600 & exec postfix start-fg`,
  ].join(' && ');
  const repository = join(import.meta.dirname, '../..');
  const container = (
    await docker(
      `run --rm --detach --name bench-milter-${process.pid} --entrypoint /usr/bin/tini --volume ${repository}:/repo:ro --volume ${process.execPath}:/node:ro`
        .split(' ')
        .concat(await ensureImage('mail', 'trixie'), '--', 'sh', '-c', script),
    )
  ).trim();
  const ready = services.map(({ port }) => `smtp-source -m 1 -l 100 127.0.0.1:${port} 2>/dev/null`).join(' && ');
  await docker(['exec', container, 'sh', '-c', `until ${ready}; do sleep 0.2; done`]);
  return container;
}
