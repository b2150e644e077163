import type { Mailboxes, MailQuery } from './mailboxes.ts';
import {
  cutoffsAt,
  evictionCutoff,
  type ExpiryRules,
  horizonAt,
  isTooFull,
  isTooOld,
  nextVisit,
  nextVisitOfFull,
  protectedFrom,
  type StoredMail,
} from './rules.ts';

/** What was removed from mailboxes, or would be. */
export interface Removed {
  readonly messages: number;
  readonly bytes: number;
}

/** What became of one mailbox. */
export interface Visited {
  readonly tooOld: Removed;
  readonly evicted: Removed;
  /** It is too full, but of mail that is too young to go. */
  readonly isTooFull: boolean;
  /** When to come again, in seconds since 1970. */
  readonly visitAt: number;
}

export interface VisitOptions {
  readonly mailboxes: Mailboxes;
  readonly rules: ExpiryRules;
  /** Seconds since 1970. */
  readonly now: number;
  /** Only says what would be removed. */
  readonly isDryRun: boolean;
}

const nothing: Removed = { messages: 0, bytes: 0 };

/**
 * Removes what is too old from some users' mailboxes, and makes room in those that are too full.
 *
 * @throws what {@link Mailboxes} throws: then some of it may have been done, and none of it is lost by doing it again.
 */
export async function visit(users: readonly string[], options: VisitOptions): Promise<ReadonlyMap<string, Visited>> {
  const { mailboxes, rules, now, isDryRun } = options;
  const cutoffs = cutoffsAt(rules, now);
  const ahead = horizonAt(rules, now) - now;
  const soon = tooOldQuery(rules, { mail: later(cutoffs.mail, ahead), large: later(cutoffs.large, ahead) });
  const listed = soon === undefined ? undefined : await mailboxes.list(users, soon);
  const old = new Map<string, Removed>();
  for (const [user, mails] of listed ?? []) {
    const tooOld = mails.filter((mail) => isTooOld(mail, cutoffs, rules));
    if (tooOld.length > 0) old.set(user, sum(tooOld));
  }
  const due = tooOldQuery(rules, cutoffs, true);
  if (!isDryRun && old.size > 0 && due !== undefined) await mailboxes.remove([...old.keys()], due);
  const usage = rules.mailboxBytes === 0 ? undefined : await mailboxes.usage(users);
  const visited = new Map<string, Visited>();
  for (const user of users) {
    const tooOld = old.get(user) ?? nothing;
    const used = (usage?.get(user) ?? 0) - (isDryRun ? tooOld.bytes : 0);
    const evicted = isTooFull(used, rules) ? await evict(user, used, { ...options, from: cutoffs.mail ?? 0 }) : nothing;
    const isStillFull = isTooFull(used - evicted.bytes, rules);
    const left = (listed?.get(user) ?? []).filter((mail) => !isTooOld(mail, cutoffs, rules));
    const visitAt = isStillFull ? nextVisitOfFull(now) : nextVisit(left, rules, now);
    visited.set(user, { tooOld, evicted, isTooFull: isStillFull, visitAt });
  }
  return visited;
}

/** The oldest goes first, whichever folder it is in. @param options.from in a dry run, what is older is gone already. */
async function evict(
  user: string,
  usedBytes: number,
  { mailboxes, rules, now, isDryRun, from }: VisitOptions & { readonly from: number },
): Promise<Removed> {
  const listed = await mailboxes.list([user], { before: protectedFrom(now) });
  const mails = (listed.get(user) ?? []).filter(({ receivedAt }) => receivedAt >= from);
  const cutoff = evictionCutoff(mails, usedBytes, rules);
  if (cutoff === undefined) return nothing;
  if (!isDryRun) await mailboxes.remove([user], { before: cutoff });
  return sum(mails.filter(({ receivedAt }) => receivedAt < cutoff));
}

function tooOldQuery(
  { largeMailBytes: overBytes }: ExpiryRules,
  { mail, large }: { readonly mail: number | undefined; readonly large: number | undefined },
  isSeenOnly = false,
): MailQuery | undefined {
  if (mail === undefined && large === undefined) return undefined;
  return {
    before: mail,
    ...(large !== undefined && { large: { overBytes, before: large, ...(isSeenOnly && { isSeen: true }) } }),
  };
}

function later(cutoff: number | undefined, seconds: number): number | undefined {
  return cutoff === undefined ? undefined : cutoff + seconds;
}

function sum(mails: readonly StoredMail[]): Removed {
  return { messages: mails.length, bytes: mails.reduce((total, { bytes }) => total + bytes, 0) };
}
