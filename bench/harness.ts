import { mkdir, writeFile } from 'node:fs/promises';

/** One line of a benchmark: a measured value and, where there is one, what it was measured against in the same run. */
export interface BenchRow {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The same quantity for the thing compared with, measured interleaved in this run. */
  readonly baseline?: number;
  /** `value / baseline`, where a baseline exists. */
  readonly ratio?: number;
  /** What the project promises, in words: `≤ 1.03 ×`. */
  readonly target?: string;
  readonly holds?: boolean;
}

export interface Target {
  readonly kind: 'at most' | 'at least';
  readonly limit: number;
  /** Whether the limit bounds the ratio to the baseline or the value itself. */
  readonly of: 'ratio' | 'value';
}

/** Builds a row; the ratio and whether the target holds follow from the numbers. */
export function row(measured: {
  name: string;
  value: number;
  unit: string;
  baseline?: number;
  target?: Target;
}): BenchRow {
  const { name, value, unit, baseline, target } = measured;
  const ratio = baseline === undefined ? undefined : value / baseline;
  const judged = target === undefined ? undefined : target.of === 'ratio' ? ratio : value;
  return {
    name,
    value,
    unit,
    ...(baseline !== undefined && { baseline }),
    ...(ratio !== undefined && { ratio }),
    ...(target !== undefined && {
      target: `${target.kind === 'at most' ? '≤' : '≥'} ${target.limit}${target.of === 'ratio' ? ' ×' : ` ${unit}`}`,
    }),
    ...(target !== undefined &&
      judged !== undefined && { holds: target.kind === 'at most' ? judged <= target.limit : judged >= target.limit }),
  };
}

export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** The nearest-rank percentile. @throws RangeError when there are no values. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
  if (at === undefined) throw new RangeError('a percentile needs at least one value');
  return at;
}

/** Prints the table and writes `bench-results/NAME.json`. */
export async function report(name: string, rows: readonly BenchRow[]): Promise<void> {
  const number = (value: number | undefined): string =>
    value === undefined ? '' : value.toLocaleString('en', { maximumSignificantDigits: 4 });
  const lines = [
    ['', 'value', 'unit', 'baseline', 'ratio', 'target', ''],
    ...rows.map((r) => [
      r.name,
      number(r.value),
      r.unit,
      number(r.baseline),
      number(r.ratio),
      r.target ?? '',
      r.holds === undefined ? '' : r.holds ? 'holds' : 'MISSED',
    ]),
  ];
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  for (const line of lines) {
    process.stdout.write(
      `${line.map((cell, column) => (column === 0 || column > 4 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ')}\n`,
    );
  }
  await mkdir('bench-results', { recursive: true });
  await writeFile(`bench-results/${name}.json`, `${JSON.stringify(rows, null, 2)}\n`);
}
