import type { BenchRow } from './run.ts';

/** The rows as text for a terminal; all times in milliseconds. */
export function benchTable(rows: readonly BenchRow[]): string {
  const hasFloor = rows.some(({ floor }) => floor !== undefined);
  const head = ['milliseconds', 'n', 'median', 'min', 'max', 'p95', ...(hasFloor ? ['floor', 'ratio'] : [])];
  const lines = rows.map(({ name, measured, floor, ratio }) => [
    name,
    String(measured.n),
    ...[measured.median, measured.min, measured.max, measured.p95].map(milliseconds),
    ...(hasFloor ? [floor === undefined ? '' : milliseconds(floor.median), ratio?.toFixed(2) ?? ''] : []),
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...lines.map((line) => line[column]?.length ?? 0)));
  return [head, ...lines]
    .map((line) =>
      line
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  '),
    )
    .map((line) => `${line}\n`)
    .join('');
}

export function milliseconds(value: number): string {
  return value < 10 ? value.toFixed(1) : value.toFixed(0);
}
