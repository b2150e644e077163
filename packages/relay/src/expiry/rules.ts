/** What is removed, and when. Zero days, and zero bytes of room, mean never, and no limit. */
export interface ExpiryRules {
  readonly mailDays: number;
  readonly largeMailDays: number;
  readonly largeMailBytes: number;
  readonly unusedAccountDays: number;
  readonly mailboxBytes: number;
  readonly evictAbovePercent: number;
  readonly evictToPercent: number;
}

/** A message, as far as it matters here. Times are in seconds since 1970. */
export interface StoredMail {
  /** When it came, or what a client that stored it says: IMAP's INTERNALDATE. */
  readonly receivedAt: number;
  readonly bytes: number;
  readonly isSeen: boolean;
}

export const daySeconds = 86_400;
/** Every mailbox is looked at this often, also when nothing was known to become due in it. */
const longestPauseDays = 7;
/** Mail younger than this is never removed to make room: a flood cannot take away what nobody has seen yet. */
const protectedSeconds = daySeconds;
/** How soon a mailbox that is too full, and of mail too young to go, is looked at again. */
const fullPauseSeconds = 3_600;

/** Received before these moments, a message, or a large one, is too old; undefined where none ever is. */
export interface Cutoffs {
  readonly mail: number | undefined;
  readonly large: number | undefined;
}

export function cutoffsAt({ mailDays, largeMailDays }: ExpiryRules, now: number): Cutoffs {
  const before = (days: number): number | undefined => (days === 0 ? undefined : now - days * daySeconds);
  return { mail: before(mailDays), large: before(largeMailDays) };
}

export function isTooOld(mail: StoredMail, cutoffs: Cutoffs, { largeMailBytes }: ExpiryRules): boolean {
  const { receivedAt, bytes, isSeen } = mail;
  if (cutoffs.mail !== undefined && receivedAt < cutoffs.mail) return true;
  return cutoffs.large !== undefined && isSeen && bytes > largeMailBytes && receivedAt < cutoffs.large;
}

/**
 * Up to when mail has to be known to say when to come again. Whatever comes after now cannot be too old before the rules'
 * shortest time is over, so nobody has to tell us of new mail.
 */
export function horizonAt({ mailDays, largeMailDays }: ExpiryRules, now: number): number {
  const limits = [mailDays, largeMailDays, longestPauseDays].filter((days) => days > 0);
  return now + Math.min(...limits) * daySeconds;
}

/**
 * When to look again: when the first message becomes too old, but once a day at most.
 *
 * @param left all messages that will be too old, were they seen, at the horizon.
 */
export function nextVisit(left: Iterable<StoredMail>, rules: ExpiryRules, now: number): number {
  let next = horizonAt(rules, now);
  for (const { receivedAt, bytes } of left) {
    if (rules.mailDays > 0) next = Math.min(next, receivedAt + rules.mailDays * daySeconds);
    if (rules.largeMailDays > 0 && bytes > rules.largeMailBytes) {
      next = Math.min(next, receivedAt + rules.largeMailDays * daySeconds);
    }
  }
  return Math.max(next, now + daySeconds);
}

export function isTooFull(usedBytes: number, { mailboxBytes, evictAbovePercent }: ExpiryRules): boolean {
  return mailboxBytes > 0 && usedBytes >= Math.floor((mailboxBytes * evictAbovePercent) / 100);
}

/** When to look again at a mailbox that still is too full. */
export function nextVisitOfFull(now: number): number {
  return now + fullPauseSeconds;
}

/** Mail received from this moment on stays, however full the mailbox is. */
export function protectedFrom(now: number): number {
  return now - protectedSeconds;
}

/**
 * Which mail goes so that there is room again: what was received before the moment returned. Undefined: none may.
 *
 * @param mails those that are old enough to go.
 */
export function evictionCutoff(
  mails: readonly StoredMail[],
  usedBytes: number,
  { mailboxBytes, evictToPercent }: ExpiryRules,
): number | undefined {
  let tooMuch = usedBytes - (mailboxBytes * evictToPercent) / 100;
  let cutoff: number | undefined;
  for (const { receivedAt, bytes } of mails.toSorted((one, other) => one.receivedAt - other.receivedAt)) {
    if (tooMuch <= 0) break;
    tooMuch -= bytes;
    cutoff = receivedAt + 1;
  }
  return cutoff;
}
