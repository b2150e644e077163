import type { Verdict } from '../verdicts.ts';
import { Reply } from './constants.ts';
import { encodeFrame } from './frames.ts';

// Postfix takes an octet behind any of these for a broken filter. milter8.c milter8_event()
const continueFrame = encodeFrame(Reply.continue);
const frames: Readonly<Record<Exclude<Verdict['kind'], 'reply'>, Buffer>> = {
  accept: encodeFrame(Reply.accept),
  reject: encodeFrame(Reply.reject),
  tempfail: encodeFrame(Reply.tempfail),
  discard: encodeFrame(Reply.discard),
  skip: encodeFrame(Reply.skip),
};

/** Tells the mail server to go on waiting. */
export const progressFrame: Buffer = encodeFrame(Reply.progress);

/** The frame of a verdict; nothing is "continue". */
export function verdictFrame(verdict: Verdict | undefined): Buffer {
  if (verdict === undefined) return continueFrame;
  return verdict.kind === 'reply' ? encodeFrame(Reply.replyCode, verdict.payload) : frames[verdict.kind];
}
