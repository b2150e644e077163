import { setTimeout as wait } from 'node:timers/promises';
import { TestMta } from '@postern/milter/testing';
import { type BenchRow, median, row, type Target } from '../harness.ts';
import { type FilterProcess, startFilter } from './filter-process.ts';

const atOnce = 20;
const rounds = 5;

/** What is held: for idle connections, and while large messages pass, of growing size. */
export async function memory(): Promise<BenchRow[]> {
  await using filter = await startFilter();
  // Two gigabytes, with a collection after each sample, take longer than a test would wait.
  const mta = new TestMta({ path: filter.path }, { timeoutMs: 120_000 });
  await mta.deliver();
  return [...(await idleConnections(mta, filter)), ...(await largeMessages(mta, filter))];
}

async function idleConnections(mta: TestMta, filter: FilterProcess): Promise<BenchRow[]> {
  const connections: Awaited<ReturnType<TestMta['open']>>[] = [];
  const idle = await filter.memory('held');
  const rows = [row({ name: 'heap with no connection', value: idle.heapUsed / 2 ** 20, unit: 'MiB' })];
  for (const count of [1000, 5000]) {
    while (connections.length < count) {
      const conversation = await mta.open();
      await conversation.connect({ hostname: 'client.example', address: '192.0.2.1' });
      connections.push(conversation);
    }
    const usage = await filter.memory('held');
    rows.push(
      row({
        name: `heap for each of ${count} idle connections`,
        value: (usage.heapUsed - idle.heapUsed) / count / 1024,
        unit: 'KiB',
        target: { kind: 'at most', limit: 12, of: 'value' },
      }),
    );
  }
  for (const { wire } of connections) wire.destroy();
  return rows;
}

/**
 * The same number of messages at once, ten times and more as large: what is held in the middle is to be the same. What
 * the process takes of the machine has in it what the engine has not collected yet: it lets some hundred megabytes of
 * used buffers come together, which only the larger messages do, and there the size is to make no difference.
 */
async function largeMessages(mta: TestMta, filter: FilterProcess): Promise<BenchRow[]> {
  const sizes = [3, 30, 100];
  const held = new Map<number, number[]>(sizes.map((size) => [size, []]));
  const taken = new Map<number, number[]>(sizes.slice(1).map((size) => [size, []]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const size of sizes) {
      const body = Buffer.alloc(size * 1_000_000, 'x');
      const inUse = await whilePassing(mta, body, async () => {
        const { heapUsed, external } = await filter.memory('held');
        return heapUsed + external;
      });
      if (round > 0) held.get(size)?.push(median(inUse) / 2 ** 20); // the first round warms up
      if (!taken.has(size)) continue;
      const resident = await whilePassing(mta, body, async () => (await filter.memory('taken')).rss);
      if (round > 0) taken.get(size)?.push(Math.max(...resident) / 2 ** 20);
    }
  }
  return [
    ...compared('held', held, { kind: 'at most', limit: 1.1, of: 'ratio' }),
    ...compared('resident at the most', taken, { kind: 'at most', limit: 1.25, of: 'ratio' }),
  ];
}

/** Rows for each size, held against the smallest. */
function compared(what: string, bySize: ReadonlyMap<number, readonly number[]>, target: Target): BenchRow[] {
  const [smallest = []] = bySize.values();
  const baseline = median(smallest);
  return [...bySize].map(([size, own]) =>
    row({
      name: `${what} while ${atOnce} messages of ${size} MB pass at once (${Math.min(...own).toFixed(1)}–${Math.max(...own).toFixed(1)})`,
      value: median(own),
      unit: 'MiB',
      ...(own !== smallest && { baseline, target }),
    }),
  );
}

/** Samples for as long as messages pass. */
async function whilePassing(mta: TestMta, body: Buffer, sample: () => Promise<number>): Promise<number[]> {
  let underWay = atOnce;
  const sending = Promise.all(
    Array.from({ length: atOnce }, () => mta.deliver({ body }).finally(() => (underWay -= 1))),
  );
  const samples: number[] = [];
  for (;;) {
    const bytes = await sample();
    if (underWay === 0 && samples.length > 0) break;
    samples.push(bytes);
    await wait(20); // a collection after every few pieces would be most of the work
  }
  await sending;
  return samples;
}
