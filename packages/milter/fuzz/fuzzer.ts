import * as fc from 'fast-check';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { maxFrameBytes, maxLookAheadBytes, maxUnsentBytes } from '../src/limits.ts';
import { conversation } from './conversations.ts';
import { filterCount, fuzzedFilters } from './filters.ts';
import { talk } from './mail-server.ts';
import { inMemory, onSockets, type Place } from './places.ts';
import { StoryOracle } from './stories.ts';

export interface FuzzOptions {
  readonly runs: number;
  readonly seed: number;
  /** Where to listen. Without it everything is in memory, which is faster. */
  readonly folder: string | undefined;
}

/** What a run of the fuzzer went through; a breach of an oracle is thrown. */
export interface FuzzReport {
  readonly conversations: number;
  readonly frames: number;
  /** The most that a crowd of connections had taken after a batch, and what is allowed. */
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
export async function fuzz({ runs, seed, folder }: FuzzOptions): Promise<FuzzReport> {
  const before = resources();
  const stories = Array.from({ length: filterCount }, () => new StoryOracle());
  const filters = fuzzedFilters(stories.map((story) => story.take));
  const report = { conversations: 0, frames: 0, grownBytes: 0 };
  {
    await using place = folder === undefined ? inMemory(filters) : await onSockets(filters, folder);
    let baseline: number | undefined;
    while (report.conversations < runs) {
      const wanted = Math.min(batchConversations, runs - report.conversations);
      const talked = await batch(place, wanted, seed + report.conversations);
      report.conversations += talked.conversations;
      report.frames += talked.frames;
      await until(() => place.connections === 0, 'a connection stays open');
      await until(() => place.timers === 0, 'a timer runs on');
      for (const story of stories) story.check();
      const used = memoryBytes();
      baseline ??= used;
      report.grownBytes = Math.max(report.grownBytes, used - baseline);
      if (report.grownBytes > crowd * capBytes + ownBytes) {
        throw new Error(`${report.grownBytes} bytes more than at first are held after ${report.conversations} talks`);
      }
    }
  }
  await until(() => resources().length <= before.length, 'a handle or a timer is left');
  return report;
}

async function batch(
  place: Place,
  wanted: number,
  seed: number,
): Promise<{ readonly conversations: number; readonly frames: number }> {
  let conversations = 0;
  let frames = 0;
  const crowds = fc.array(conversation, { minLength: crowd, maxLength: crowd });
  const property = fc.asyncProperty(crowds, async (each) => {
    await Promise.all(each.map((one) => talk(place.open(one), one)));
    conversations += crowd;
    frames += each.reduce((sum, one) => sum + one.frames.length, 0);
  });
  await fc.assert(property, { numRuns: Math.ceil(wanted / crowd), seed });
  return { conversations, frames };
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
