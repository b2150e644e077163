import type { Finding } from '@postern/encryption-check';
import type { BudgetPart } from './budget.ts';
import type { SignatureFinding } from './dkim/signature-check.ts';
import type { Author } from './from-header.ts';
import type { Standing } from './sender-standing.ts';

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

/** What the limits say: there is room, there is none for so long, or nobody knows. */
export type Room =
  | { readonly kind: 'enough' }
  | { readonly kind: 'none'; readonly part: BudgetPart; readonly waitSeconds: number }
  | { readonly kind: 'unknown' };

/** Who vouches for the author: the signatures of their domain; for an address literal only that the client is at it; or nobody has to. */
export type Origin =
  | { readonly kind: 'signed-domain'; readonly finding: SignatureFinding }
  | { readonly kind: 'address-literal'; readonly isClient: boolean }
  | { readonly kind: 'not-asked' };

/** Everything that a verdict depends on. */
export type Facts =
  /** A user names a recipient. */
  | {
      readonly situation: 'submission-recipient';
      /** In lower case; undefined when nobody logged in. */
      readonly login: string | undefined;
      /** The address of MAIL FROM, in lower case, without brackets; empty for the null sender. */
      readonly sender: string;
      readonly standing: Standing;
      readonly room: Room;
    }
  /** A user's message is complete. */
  | {
      readonly situation: 'submission-message';
      readonly sender: string;
      readonly standing: Standing;
      readonly author: Author;
      readonly finding: Finding;
      readonly room: Room;
    }
  /** Another server names a recipient. */
  | { readonly situation: 'incoming-recipient'; readonly recipient: string; readonly room: Room }
  /** Another server's message is complete. */
  | {
      readonly situation: 'incoming-message';
      readonly finding: Finding;
      /** Who refuses mail that is not encrypted: the operator for everybody, or one of the recipients. */
      readonly cleartextRefusedBy: 'nobody' | 'operator' | 'recipient';
      /** Among several recipients the one with least. */
      readonly room: Room;
      readonly origin: Origin;
    }
  /** Our own Postfix writes to a user or a sender: a delivery report. It passes no filter, and nobody else can make one. */
  | { readonly situation: 'local' };

/** The whole policy. */
export function decide(facts: Facts): Verdict {
  switch (facts.situation) {
    case 'submission-recipient':
      if (facts.login === undefined)
        return refuse(553, '5.7.1 Sender address rejected: not logged in', 'not-logged-in');
      if (facts.sender !== facts.login) {
        return refuse(
          553,
          '5.7.1 Sender address rejected: it is not the address you logged in with',
          'sender-not-login',
        );
      }
      return decideStanding(facts.standing) ?? withinLimits(facts.room, `Too much mail from ${facts.sender}`);
    case 'submission-message': {
      const named = decideStanding(facts.standing) ?? decideAuthor(facts.author, facts.sender);
      if (named.kind !== 'accept') return named;
      const content = decideOutgoingContent(facts.finding);
      return content.kind === 'accept'
        ? withinLimits(facts.room, `Too much mail from ${facts.sender}`, content)
        : content;
    }
    case 'incoming-recipient':
      return withinLimits(facts.room, `Too much mail for ${facts.recipient}`);
    case 'incoming-message': {
      const content = decideIncomingContent(facts.finding, facts.cleartextRefusedBy);
      if (content.kind !== 'accept') return content;
      const limited = withinLimits(facts.room, 'Too much mail for this recipient', content);
      return limited.kind === 'accept' ? fromOrigin(facts.origin, limited) : limited;
    }
    case 'local':
      return accept('local');
  }
}

/**
 * Where the envelope says that reports go, if that is for sure the author; nobody else gets any. A forged or forwarded
 * sender would get reports about mail that they never wrote.
 */
export function mayReport({
  author,
  sender,
  origin,
}: {
  author: string | undefined;
  sender: string;
  origin: Origin;
}): boolean {
  const isProven =
    (origin.kind === 'signed-domain' && origin.finding === 'valid') ||
    (origin.kind === 'address-literal' && origin.isClient);
  return isProven && author === sender.toLowerCase();
}

/** The last question, because only its answer may take a look-up. */
function fromOrigin(origin: Origin, content: Verdict): Verdict {
  switch (origin.kind) {
    case 'not-asked':
      return content;
    case 'address-literal':
      // No name, no key in DNS. What is encrypted speaks for itself; what is readable would be anybody's.
      return content.reason === 'cleartext' ? noSignature() : content;
    case 'signed-domain':
      switch (origin.finding) {
        case 'valid':
          return content;
        case 'none':
          return noSignature();
        case 'invalid':
          return refuse(554, '5.7.1 No valid DKIM signature found', 'signature-invalid');
        case 'unknown':
          return defer(451, '4.7.5 The DKIM key cannot be looked up, try again later', 'signature-unknown');
      }
  }
}

function noSignature(): Verdict {
  return refuse(554, '5.7.1 No DKIM signature found', 'signature-none');
}

/** @returns nothing when there is nothing against the sender. */
function decideStanding(standing: Standing): Verdict | undefined {
  switch (standing.kind) {
    case 'good':
      return undefined;
    case 'blocked': // RFC 5248 §2.4 is where 5.7.13 is from: "User Account Disabled"
      return refuse(
        550,
        `5.7.13 This account is blocked${standing.reason === null ? '' : `: ${standing.reason}`}`,
        'account-blocked',
      );
    case 'gone':
      return refuse(550, '5.7.1 This account does not exist any more', 'account-gone');
    case 'unknown':
      return defer(451, '4.3.0 Temporary failure, try again later', 'account-unknown');
  }
}

function decideAuthor(author: Author, sender: string): Verdict {
  if (author.kind === 'one' && author.address === sender) return accept('author');
  return refuse(
    500,
    '5.7.1 Invalid FROM: there has to be one From header with one address, the one you send from',
    `author-${author.kind === 'one' ? 'not-sender' : author.kind}`,
  );
}

function decideOutgoingContent(finding: Finding): Verdict {
  switch (finding.kind) {
    case 'encrypted':
    case 'secure-join-request':
      return accept(finding.kind);
    case 'cleartext':
      return encryptionNeeded(finding.reason);
    case 'bounce':
      return encryptionNeeded('bounce');
  }
}

function decideIncomingContent(finding: Finding, refusedBy: 'nobody' | 'operator' | 'recipient'): Verdict {
  if (finding.kind !== 'cleartext') return accept(finding.kind);
  return refusedBy === 'nobody' ? accept('cleartext') : encryptionNeeded(finding.reason);
}

function withinLimits(room: Room, complaint: string, content: Verdict = accept('recipient')): Verdict {
  switch (room.kind) {
    case 'enough':
      return content;
    case 'none':
      return defer(450, `4.7.1: ${complaint}, try again in ${room.waitSeconds} seconds`, `too-many-${room.part}`);
    case 'unknown':
      return defer(451, '4.3.0 Temporary failure, try again later', 'store-unavailable');
  }
}

/** Delta Chat recognises `Invalid Unencrypted Mail` and explains it to its user: the words are part of the protocol. */
function encryptionNeeded(reason: string): Verdict {
  return refuse(523, '5.7.1 Encryption Needed: Invalid Unencrypted Mail', reason);
}

function accept(reason: string): Verdict {
  return { kind: 'accept', reason };
}

function refuse(code: number, text: string, reason: string): Verdict {
  return { kind: 'refuse', code, text, reason };
}

function defer(code: number, text: string, reason: string): Verdict {
  return { kind: 'defer', code, text, reason };
}
