import type { Answers } from './answers.ts';
import { after } from './eventual.ts';
import type { Action } from './edits.ts';
import type { Exchange } from './exchange.ts';
import type { Message } from './message.ts';
import type { SessionOutput } from './output.ts';
import { type MessageVerdict, tempfail } from './verdicts.ts';
import { chunkBytes } from './wire/constants.ts';
import { writeEdits } from './write-edits.ts';

/** Answers the end of a message: its edits go with a verdict that lets it pass, and with no other. */
export function answerEndOfMessage<A extends Action, C, M>(
  message: Message<A, C, M>,
  options: {
    verdict: MessageVerdict | undefined;
    startedAt: number | undefined;
    exchange: Exchange;
    answers: Answers;
    output: SessionOutput;
  },
): void | Promise<void> {
  const { verdict, startedAt, exchange, answers, output } = options;
  message.edits.close();
  const conclude = (final: MessageVerdict | undefined): void => {
    message.isDecided = true;
    answers.send('endOfMessage', final, startedAt);
  };
  if (verdict !== undefined && verdict.kind !== 'accept') return conclude(verdict);
  const writing = writeEdits(message.edits, {
    output,
    chunkBytes: answers.agreement?.chunkBytes ?? chunkBytes,
    isAborted: () => message.isAborted,
  });
  if (writing === undefined) return conclude(verdict);
  return after(
    // Without progress reports, which would end the new body.
    exchange.run('endOfMessage', () => writing),
    (outcome) => {
      if (outcome.kind === 'answered') return conclude(verdict);
      message.abort();
      // Half a body is with the mail server already: whatever the policy for errors, it must not be delivered.
      if (!message.isGivenUp) conclude(tempfail);
    },
  );
}
