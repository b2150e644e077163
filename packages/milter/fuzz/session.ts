import { MilterProtocolError, type MilterOptions } from '../src/index.ts';
import { postfixOffer, SessionBench } from '../test/session-bench.ts';
import { AnswerOracle } from './answers.ts';
import type { FuzzedConversation } from './conversations.ts';

/** Plays a conversation with a session that has no socket. @throws Error when the session breaks one of the rules. */
export async function converse(
  filter: MilterOptions<'addHeader' | 'replaceBody', undefined, undefined>,
  { negotiates, frames, cut }: FuzzedConversation,
): Promise<void> {
  const oracle = new AnswerOracle();
  const bench = new SessionBench({ ...filter, onEvent: () => {} });
  try {
    if (negotiates) await bench.write(postfixOffer);
    oracle.take(bench.take());
    for (const { bytes, command } of frames) {
      const owed = oracle.finals + (command !== undefined && oracle.isAnswered(command) ? 1 : 0);
      await bench.write(bytes.subarray(0, cut % bytes.length), bytes.subarray(cut % bytes.length));
      oracle.take(bench.take());
      if (negotiates && command !== undefined && oracle.finals !== owed) {
        throw new Error(`${owed} answers are owed after ${command}, ${oracle.finals} came`);
      }
      if (command === undefined) break; // from here on there is no telling
    }
  } catch (error) {
    if (!(error instanceof MilterProtocolError)) throw error;
  }
  bench.session.end();
  if (bench.take().length > 0) throw new Error('something was sent after the end');
  oracle.end();
  if (bench.clock.timers > 0) throw new Error(`${bench.clock.timers} timers are left`);
}
