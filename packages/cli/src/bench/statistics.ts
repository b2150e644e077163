/** What many measurements of one thing come to, in milliseconds. */
export interface Summary {
  readonly n: number;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly p95: number;
}

/** @throws RangeError when there are no values. */
export function summarize(valuesMs: readonly number[]): Summary {
  const sorted = valuesMs.toSorted((a, b) => a - b);
  const nearestRank = (percent: number): number => {
    const value = sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
    if (value === undefined) throw new RangeError('a summary needs at least one value');
    return value;
  };
  return {
    n: sorted.length,
    median: nearestRank(50),
    min: nearestRank(0),
    max: nearestRank(100),
    p95: nearestRank(95),
  };
}
