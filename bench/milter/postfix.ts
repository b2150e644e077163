import { docker } from '../../docker/src/index.ts';
import { type BenchRow, median, row } from '../harness.ts';
import { references, send, type Service, services, startPostfix } from './postfix-container.ts';

const sizes = [
  { name: '3 KB', bytes: 3000, messages: 250, rounds: 7 },
  { name: '100 KB', bytes: 100_000, messages: 50, rounds: 7 },
  { name: '10 MB', bytes: 10_000_000, messages: 4, rounds: 5 },
] as const;
/**
 * What is promised is a difference of 3 %, which is less than what one round differs from the next. `smtp-source -d`
 * keeps its connections, as the large senders do; a connection for each message is the most that a filter can cost.
 */
const promised = { bytes: 3000, messages: 300, rounds: 100, limit: 1.03 };
const arrangements = { 'connections kept': '-d', 'a connection for each message': '' };

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
