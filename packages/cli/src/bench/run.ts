import { ChatCore } from './chat-core.ts';
import { type BenchRelay, measureRound, type RowName, rowNames } from './measurements.ts';
import { type Summary, summarize } from './statistics.ts';

export interface BenchRow {
  readonly name: RowName;
  readonly measured: Summary;
  /** The same on a relay that costs nothing, in the same run. */
  readonly floor?: Summary;
  /** Median against median. */
  readonly ratio?: number;
}

export interface BenchPlan {
  readonly relays: readonly [BenchRelay, BenchRelay];
  readonly floor?: BenchRelay;
  readonly rounds: number;
  /** Path or name of `deltachat-rpc-server`. */
  readonly core: string;
  readonly onProgress: (done: number, all: number) => void;
}

/** Measures relay and floor in turns, so that whatever else the machine does hits both. */
export async function runBench({ relays, floor, rounds, core, onProgress }: BenchPlan): Promise<BenchRow[]> {
  const subjects = [{ relays, values: new Values() }];
  if (floor !== undefined) subjects.push({ relays: [floor, floor], values: new Values() });
  for (const [round] of Array.from({ length: rounds }).entries()) {
    for (const [at, { relays: pair, values }] of subjects.entries()) {
      await using client = await ChatCore.start(core);
      await measureRound(client, pair, (name, ms) => values.add(name, ms));
      onProgress(round * subjects.length + at + 1, rounds * subjects.length);
    }
  }
  return rowNames.map((name) => {
    const [measured, floorOf] = subjects.map(({ values }) => values.summary(name));
    if (measured === undefined) throw new RangeError('a run needs at least one round');
    return { name, measured, ...(floorOf && { floor: floorOf, ratio: measured.median / floorOf.median }) };
  });
}

class Values {
  readonly #byName = new Map<RowName, number[]>();

  add(name: RowName, ms: number): void {
    this.#byName.set(name, [...(this.#byName.get(name) ?? []), ms]);
  }

  summary(name: RowName): Summary {
    return summarize(this.#byName.get(name) ?? []);
  }
}
