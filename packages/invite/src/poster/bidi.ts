import factory, { type Bidi } from 'bidi-js';

export type Direction = 'ltr' | 'rtl';

/** A piece of a line that is written in one direction. */
export interface DirectedRun {
  readonly text: string;
  readonly direction: Direction;
}

const bidi = makeBidi(factory);

/** Cuts a line into runs of one direction, in the order in which they stand from left to right (Unicode UAX #9). */
export function visualRuns(line: string, base: Direction): readonly DirectedRun[] {
  const { levels } = bidi.getEmbeddingLevels(line, base);
  const runs: { text: string; level: number }[] = [];
  for (let at = 0; at < line.length; at += 1) {
    const level = levels[at] ?? 0;
    const last = runs.at(-1);
    if (last?.level === level) last.text += line.charAt(at);
    else runs.push({ text: line.charAt(at), level });
  }
  return reordered(runs).map(({ text, level }) => ({ text, direction: level % 2 === 1 ? 'rtl' : 'ltr' }));
}

/** UAX #9 L2: from the highest level down to the lowest odd one, reverse whatever stands at that level or above. */
function reordered<Run extends { readonly level: number }>(runs: readonly Run[]): readonly Run[] {
  let order = [...runs];
  for (let level = Math.max(0, ...runs.map((run) => run.level)); level >= 1; level -= 1) {
    const next: Run[] = [];
    let pending: Run[] = [];
    for (const run of order) {
      if (run.level >= level) {
        pending.unshift(run);
        continue;
      }
      next.push(...pending, run);
      pending = [];
    }
    order = [...next, ...pending];
  }
  return order;
}

/** The package's types say `default` where its CommonJS module is the function itself. */
function makeBidi(value: unknown): Bidi {
  if (isFactory(value)) return value();
  throw new TypeError('bidi-js does not export a function');
}

function isFactory(value: unknown): value is () => Bidi {
  return typeof value === 'function';
}
