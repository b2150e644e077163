import { explanations } from './reasons.ts';
import type { CleartextReason } from './reasons.ts';

/** The kinds of session-key packets that may precede the encrypted data (RFC 9580 §5.1 and §5.3). */
export type SessionKeyKind = 'PKESK v3' | 'PKESK v6' | 'SKESK v4' | 'SKESK v6';

/** The message has the one shape in which everything readable is inside one OpenPGP encrypted message. */
export interface EncryptedFinding {
  readonly kind: 'encrypted';
  /** How many session-key packets of each kind there are: as a rule one PKESK per recipient's key, one SKESK per password. */
  readonly sessionKeys: Readonly<Record<SessionKeyKind, number>>;
  /** Version of the Symmetrically Encrypted and Integrity Protected Data packet (RFC 9580 §5.13). */
  readonly seipdVersion: 1 | 2;
  /** Size of the message in bytes, headers included. */
  readonly bytes: number;
  /** Size of the OpenPGP packets inside the armor, in bytes. */
  readonly packetBytes: number;
}

/** A legacy cleartext SecureJoin request of Delta Chat: it carries a fixed word and nothing of the user's. */
export interface SecureJoinRequestFinding {
  readonly kind: 'secure-join-request';
  readonly request: 'vc-request' | 'vg-request';
}

/** A delivery report. Only incoming messages are ever found to be one. */
export interface BounceFinding {
  readonly kind: 'bounce';
}

/** Everything else: somebody on the way could read it, or two programs could read it differently. */
export interface CleartextFinding {
  readonly kind: 'cleartext';
  /** Stable name of the rule that was broken. */
  readonly reason: CleartextReason;
  /**
   * Where: bytes from the start of the message. Counted over what the check was given, each header field as
   * `name:value` and a line end, so it is exact for raw messages and near for a milter, which normalises headers.
   */
  readonly offset: number;
  /** One sentence for a postmaster. Never quotes the message. */
  readonly explanation: string;
}

/** What the check says of a message. */
export type Finding = EncryptedFinding | SecureJoinRequestFinding | BounceFinding | CleartextFinding;

/** A broken rule and where, relative to whatever the scanner at hand counts from. */
export interface Problem {
  readonly reason: CleartextReason;
  readonly offset: number;
}

export function cleartext(problem: Problem): CleartextFinding {
  return {
    kind: 'cleartext',
    reason: problem.reason,
    offset: problem.offset,
    explanation: explanations[problem.reason],
  };
}
