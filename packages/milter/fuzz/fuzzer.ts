import * as fc from 'fast-check';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createMilter } from '../src/index.ts';
import { maxFrameBytes, maxLookAheadBytes, maxUnsentBytes } from '../src/limits.ts';
import { conversation } from './conversations.ts';
import { fuzzedFilter, StoryOracle } from './filter.ts';
import { talk } from './mail-server.ts';
import { converse } from './session.ts';

export interface FuzzOptions {
  readonly runs: number;
  readonly seed: number;
  /** Where to listen. Without it the sessions have no sockets, which is faster. */
  readonly path: string | undefined;
}

/** What a run of the fuzzer went through; a breach of an oracle is thrown. */
export interface FuzzReport {
  readonly conversations: number;
  readonly frames: number;
  /** The most that a crowd of connections had taken after a batch, for each of them, and what is allowed. */
  readonly grownBytes: number;
}

/** Conversations at the same time. */
const crowd = 8;
const batchConversations = 1000;
/** One frame half read, frames ahead, answers not taken, and as much again for the objects around them. */
const capBytes = 2 * (maxFrameBytes + maxLookAheadBytes + maxUnsentBytes);
/** What the engine and the generator of cases take for themselves, measured over a million conversations. */
const ownBytes = 16 * 2 ** 20;

/**
 * The oracles: exactly one final reply to each event that is answered and none to any other, whole frames, nothing
 * after the end, one end for each connection, memory under its cap, and at last no handle and no timer left.
 */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const stories = new StoryOracle();
  const before = resources();
  const { path } = options;
  const filter = fuzzedFilter(stories.take);
  const server = path === undefined ? undefined : await createMilter(filter).listen({ path });
  let frames = 0;
  let conversations = 0;
  let baseline: number | undefined;
  let grownBytes = 0;
  try {
    while (conversations < options.runs) {
      const numRuns = Math.min(batchConversations, options.runs - conversations);
      const crowds = fc.array(conversation, { minLength: crowd, maxLength: crowd });
      const property = fc.asyncProperty(crowds, async (each) => {
        await Promise.all(each.map((one) => (path === undefined ? converse(filter, one) : talk(path, one))));
        frames += each.reduce((sum, one) => sum + one.frames.length, 0);
      });
      await fc.assert(property, { numRuns: Math.ceil(numRuns / crowd), seed: options.seed + conversations });
      conversations += Math.ceil(numRuns / crowd) * crowd;
      await until(() => (server?.connections ?? 0) === 0, 'a connection stays open');
      if (path !== undefined) stories.check();
      const used = memoryBytes();
      baseline ??= used;
      grownBytes = Math.max(grownBytes, used - baseline);
      if (grownBytes > crowd * capBytes + ownBytes) {
        throw new Error(`${grownBytes} bytes more than at first are held after ${conversations} conversations`);
      }
    }
  } finally {
    await server?.close({ drainMs: 0 });
  }
  await until(() => resources().length <= before.length, 'a handle or a timer is left');
  return { conversations, frames, grownBytes };
}

function resources(): string[] {
  return process.getActiveResourcesInfo().filter((name) => name !== 'Immediate');
}

function memoryBytes(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** @throws Error when it does not come about within many turns of the event loop. */
async function until(isSo: () => boolean, breach: string): Promise<void> {
  for (let turn = 0; turn < 100_000; turn += 1) {
    if (isSo()) return;
    await nextTurn();
  }
  throw new Error(`${breach}: ${resources().length} resources, among them ${resources().slice(0, 5).join(', ')}`);
}
