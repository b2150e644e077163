import { TestMta } from '@postern/milter/testing';
import { type BenchRow, median, row } from '../harness.ts';
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
  const idle = await filter.memoryUsage();
  const rows = [row({ name: 'heap with no connection', value: idle.heapUsed / 2 ** 20, unit: 'MiB' })];
  for (const count of [1000, 5000]) {
    while (connections.length < count) {
      const conversation = await mta.open();
      await conversation.connect({ hostname: 'client.example', address: '192.0.2.1' });
      connections.push(conversation);
    }
    const usage = await filter.memoryUsage();
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

/** The same number of messages at once, ten times and more as large: what is held in the middle is to be the same. */
async function largeMessages(mta: TestMta, filter: FilterProcess): Promise<BenchRow[]> {
  const sizes = [3, 30, 100];
  const held = new Map<number, number[]>(sizes.map((size) => [size, []]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const size of sizes) {
      const bytes = await heldWhilePassing(mta, filter, size * 1_000_000);
      if (round > 0) held.get(size)?.push(bytes / 2 ** 20); // the first round warms up
    }
  }
  const baseline = median(held.get(3) ?? []);
  return sizes.map((size) => {
    const own = held.get(size) ?? [];
    return row({
      name: `held while ${atOnce} messages of ${size} MB pass at once (${Math.min(...own).toFixed(1)}–${Math.max(...own).toFixed(1)})`,
      value: median(own),
      unit: 'MiB',
      ...(size > 3 && { baseline, target: { kind: 'at most', limit: 1.1, of: 'ratio' } as const }),
    });
  });
}

/** The median over the time of passing: every sample is taken after a collection, so that garbage does not count. */
async function heldWhilePassing(mta: TestMta, filter: FilterProcess, bytes: number): Promise<number> {
  const body = Buffer.alloc(bytes, 'x');
  let underWay = atOnce;
  const sending = Promise.all(
    Array.from({ length: atOnce }, () => mta.deliver({ body }).finally(() => (underWay -= 1))),
  );
  const samples: number[] = [];
  for (;;) {
    const { heapUsed, external } = await filter.memoryUsage();
    if (underWay === 0) break;
    samples.push(heapUsed + external);
  }
  await sending;
  return median(samples);
}
