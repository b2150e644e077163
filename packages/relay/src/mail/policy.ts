import type { Finding } from '@postern/encryption-check';
import type { Author } from './from-header.ts';

/** What is to become of a message or a recipient, and under which name it is counted and logged. */
export type Verdict =
  | { readonly kind: 'accept'; readonly reason: string }
  | {
      readonly kind: 'refuse' | 'defer';
      readonly reason: string;
      /** SMTP reply code and the text after it, with its enhanced status code (RFC 3463). */
      readonly code: number;
      readonly text: string;
    };

export interface SenderFacts {
  /** The login, in lower case; undefined when nobody logged in. */
  readonly login: string | undefined;
  /** The address of MAIL FROM, in lower case, without brackets; empty for the null sender. */
  readonly sender: string;
  /** Set when the sending limit is reached. */
  readonly waitSeconds?: number;
}

/** Authenticated submission, when the first recipient is named: who sends, and how much already. */
export function decideSender(facts: SenderFacts): Verdict {
  if (facts.login === undefined || facts.sender !== facts.login) {
    return refuse(553, '5.7.1 Sender address rejected: it is not the address you logged in with', 'sender-not-login');
  }
  if (facts.waitSeconds !== undefined) {
    return {
      kind: 'defer',
      reason: 'too-much-mail',
      code: 450,
      text: `4.7.1: Too much mail from ${facts.sender}, try again in ${facts.waitSeconds} seconds`,
    };
  }
  return { kind: 'accept', reason: 'sender' };
}

export interface SubmissionFacts {
  readonly sender: string;
  readonly author: Author;
  readonly finding: Finding;
}

/** Authenticated submission, at the end of the message: only encrypted mail in the sender's own name gets out. */
export function decideSubmission({ sender, author, finding }: SubmissionFacts): Verdict {
  if (author.kind !== 'one' || author.address !== sender) {
    return refuse(
      500,
      '5.7.1 Invalid FROM: there has to be one From header with one address, the one you send from',
      `author-${author.kind === 'one' ? 'not-sender' : author.kind}`,
    );
  }
  switch (finding.kind) {
    case 'encrypted':
    case 'secure-join-request':
      return { kind: 'accept', reason: finding.kind };
    case 'cleartext':
      return encryptionNeeded(finding.reason);
    case 'bounce':
      return encryptionNeeded('bounce');
  }
}

export interface IncomingFacts {
  readonly finding: Finding;
  /** Whether the operator, or one of the recipients for themselves, refuses mail that is not encrypted. */
  readonly refusesCleartext: boolean;
}

/** Mail from other servers, at the end of the message. */
export function decideIncoming({ finding, refusesCleartext }: IncomingFacts): Verdict {
  if (finding.kind !== 'cleartext') return { kind: 'accept', reason: finding.kind };
  return refusesCleartext ? encryptionNeeded(finding.reason) : { kind: 'accept', reason: 'cleartext' };
}

/** Delta Chat recognises `Invalid Unencrypted Mail` and explains it to its user: the words are part of the protocol. */
function encryptionNeeded(reason: string): Verdict {
  return refuse(523, '5.7.1 Encryption Needed: Invalid Unencrypted Mail', reason);
}

function refuse(code: number, text: string, reason: string): Verdict {
  return { kind: 'refuse', code, text, reason };
}
