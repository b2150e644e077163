import { setTimeout as delay } from 'node:timers/promises';
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

/** Between two turns: what a client still does after a message came is not to fall into the other's turn. */
const settleMs = 100;

/** Measures relay and floor in turns of less than a second, so that whatever else the machine does hits both. */
export async function runBench({ relays, floor, rounds, core, onProgress }: BenchPlan): Promise<BenchRow[]> {
  const subjects = [{ relays, values: new Values() }];
  if (floor !== undefined) subjects.push({ relays: [floor, floor], values: new Values() });
  for (let round = 1; round <= rounds; round += 1) {
    await using clients = new AsyncDisposableStack();
    const parts: AsyncGenerator<void>[] = [];
    for (const { relays: pair, values } of subjects) {
      const client = clients.use(await ChatCore.start(core));
      parts.push(measureRound(client, pair, (name, ms) => values.add(name, ms)));
    }
    await inTurns(parts);
    onProgress(round, rounds);
  }
  return rowNames.map((name) => {
    const [measured, floorOf] = subjects.map(({ values }) => values.summary(name));
    if (measured === undefined) throw new RangeError('a run needs at least one round');
    return { name, measured, ...(floorOf && { floor: floorOf, ratio: measured.median / floorOf.median }) };
  });
}

async function inTurns(all: readonly AsyncGenerator<void>[]): Promise<void> {
  const unfinished = new Set(all);
  try {
    while (unfinished.size > 0) {
      for (const one of unfinished) {
        await delay(settleMs);
        if ((await one.next()).done === true) unfinished.delete(one);
      }
    }
  } finally {
    for (const one of all) await one.return(undefined); // when another failed
  }
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
