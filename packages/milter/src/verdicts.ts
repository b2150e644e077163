import type { Stage } from './stages.ts';
import { replyPayload } from './wire/reply-text.ts';

export interface Accept {
  readonly kind: 'accept';
}
export interface Reject {
  readonly kind: 'reject';
}
export interface Tempfail {
  readonly kind: 'tempfail';
}
export interface Discard {
  readonly kind: 'discard';
}
export interface Skip {
  readonly kind: 'skip';
}
/** Made by `reply()` only, which makes sure that the mail server takes it. */
export interface SmtpReply {
  readonly kind: 'reply';
  readonly code: number;
  /** The text as on the wire, `%` doubled. */
  readonly payload: Uint8Array;
}

/** What may be said of a connection: at `connect` and `helo`. */
export type ConnectionVerdict = Accept | Reject | Tempfail | SmtpReply;
/** What may be said of a message, from `mail` to `endOfMessage`; at `rcpt` all but `accept` and `discard` concern that recipient. */
export type MessageVerdict = ConnectionVerdict | Discard;
/** What may be said at a body chunk. */
export type BodyVerdict = MessageVerdict | Skip;
/** What may be said of an unknown command. */
export type CommandVerdict = Reject | Tempfail | SmtpReply;
export type Verdict = BodyVerdict;

/**
 * Lets the message pass without asking again; at `connect` and `helo` the whole connection.
 * At `rcpt` too it passes the **whole message**: to let only that recipient pass, return nothing.
 */
export const accept: Accept = Object.freeze({ kind: 'accept' });
/** Refuses for good: `550 5.7.1 Command rejected`. */
export const reject: Reject = Object.freeze({ kind: 'reject' });
/** Refuses for now: `451 4.7.1 Service unavailable - try again later`. */
export const tempfail: Tempfail = Object.freeze({ kind: 'tempfail' });
/** Tells the client that the message was taken, and drops it. */
export const discard: Discard = Object.freeze({ kind: 'discard' });
/** Wants no more of the body. */
export const skip: Skip = Object.freeze({ kind: 'skip' });

/**
 * Refuses with an SMTP reply of your own.
 *
 * The text may hold anything: what is not printable ASCII becomes `?`, `%` is doubled, a long line continues on the
 * next. So text of a peer cannot break out of the reply.
 *
 * @param code 400 to 599; 421 also makes Postfix close the connection.
 * @param enhanced like `5.7.1`, its class that of the code; `undefined` for none.
 * @param text one line, or several.
 * @throws RangeError when the code or the enhanced code is not one, or their classes differ.
 */
export function reply(code: number, enhanced: string | undefined, text: string | readonly string[]): SmtpReply {
  return Object.freeze({ kind: 'reply', code, payload: replyPayload(code, enhanced, text) });
}

const connectionKinds: readonly string[] = ['accept', 'reject', 'tempfail', 'reply'];
const messageKinds: readonly string[] = [...connectionKinds, 'discard'];
const kindsAt: Readonly<Record<Stage, readonly string[]>> = {
  connect: connectionKinds,
  helo: connectionKinds,
  unknown: ['reject', 'tempfail', 'reply'],
  mail: messageKinds,
  rcpt: messageKinds,
  data: messageKinds,
  header: messageKinds,
  endOfHeaders: messageKinds,
  body: [...messageKinds, 'skip'],
  endOfMessage: messageKinds,
};

/** Whether a handler may return this at a stage. */
export function isVerdictAt(stage: Stage, value: unknown): value is Verdict {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return false;
  if (value.kind === 'reply' && !('payload' in value && value.payload instanceof Uint8Array)) return false;
  return typeof value.kind === 'string' && kindsAt[stage].includes(value.kind);
}
