import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { arrangements, type Cost, inC, type MailHost, startMailHost } from './gate/mail-host.ts';
import { type Size, sizes, writeMessages } from './gate/messages.ts';
import { type BenchRow, median, percentile, report, row } from './harness.ts';

/**
 * What the whole gate costs (limits, encryption check, headers) behind real Postfix: against Postfix alone, and against
 * the same policy as an SMTP proxy that hands on to a second `smtpd`. `npm run bench -- gate [SIZE]`, as in `gate 3\ KB`.
 */
const [wanted] = process.argv.slice(2);
const measured = sizes.filter(({ name }) => wanted === undefined || name === wanted);
if (measured.length === 0) throw new RangeError(`the sizes are ${sizes.map(({ name }) => name).join(', ')}`);
const folder = await mkdtemp(join(tmpdir(), 'bench-gate-'));
try {
  await writeMessages(folder);
  await using host = await startMailHost(folder);
  // A report for each size: what was measured is not lost when a later one fails.
  for (const size of measured) await report(`gate-${size.name.replace(' ', '-')}`, await measureSize(host, size));
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function measureSize(host: MailHost, size: Size): Promise<BenchRow[]> {
  const costs = new Map<string, Cost[]>(arrangements.map(({ name }) => [name, []]));
  for (let round = 0; round < size.warmUp + size.rounds; round += 1) {
    for (const arrangement of arrangements) {
      const cost = await host.sendAll(arrangement, size);
      if (round >= size.warmUp) costs.get(arrangement.name)?.push(cost);
    }
  }
  return rowsOf(size, costs, await host.sendInTurn(size));
}

function rowsOf(
  { name: size }: Size,
  costs: ReadonlyMap<string, readonly Cost[]>,
  times: ReadonlyMap<string, readonly number[]>,
): BenchRow[] {
  const ratesOf = (name: string): number[] => (costs.get(name) ?? []).map((cost) => cost.messagesPerSecond);
  const rate = (name: string): number => median(ratesOf(name));
  const spread = (name: string): string =>
    `${Math.min(...ratesOf(name)).toFixed(1)}–${Math.max(...ratesOf(name)).toFixed(1)}`;
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
            row({
              name: `${size}, ${name}, against the filter in C`,
              value: rate(name),
              baseline: rate(inC),
              unit: 'messages/s',
            }),
          ]
        : []),
    ];
  });
}
