import type { CleartextReason } from '../../src/index.ts';
import { encryptedMessage } from '../message.ts';
import type { Changes } from '../message.ts';

/** An attempt to pass text that anybody on the way can read, or that some mail program would show. */
export interface Trick {
  /** What it is; also its file's name. */
  readonly name: string;
  /** What a reader would see, in one line. */
  readonly sees: string;
  readonly raw: Buffer;
  /** The rule that stops it in outgoing mail. */
  readonly reason: CleartextReason;
  /** What incoming mail of this shape is, where that differs: a habit of other mail programs that tells nothing. */
  readonly incoming?: 'encrypted' | 'bounce';
}

/** The text that must not pass. */
export const secret = 'Meet me at noon.\r\n';

/** A row of a table of tricks: name, rule, what a reader would see, and what is changed in an ordinary message. */
export type Row = readonly [name: string, reason: CleartextReason, sees: string, message: Changes | Buffer, incoming?: Trick['incoming']];

export function tricks(rows: readonly Row[]): Trick[] {
  return rows.map(([name, reason, sees, message, incoming]) => ({
    name,
    sees,
    reason,
    raw: Buffer.isBuffer(message) ? message : encryptedMessage(message),
    ...(incoming !== undefined && { incoming }),
  }));
}
