import type { Store } from '../store/store.ts';
import { clockAt } from './clock.ts';
import type { Mailboxes } from './mailboxes.ts';
import { type ExpiryRules, horizonAt } from './rules.ts';
import { VisitSchedule } from './schedule.ts';
import { readState, writeState } from './state.ts';
import { visit, type Visited } from './visit.ts';

/** What a run did, or would do. */
export interface ExpiryReport {
  /** Looked at. */
  mailboxes: number;
  /** Removed for their age. */
  messages: number;
  bytes: number;
  /** Removed to make room. */
  evicted: number;
  evictedBytes: number;
  /** Mailboxes that stay too full for now, since all their mail is of the last day. */
  full: number;
  /** Accounts removed because nobody used them. */
  accounts: number;
  /** Mailboxes and accounts that could not be worked on; they come again. */
  failed: number;
  /** Why the last of them could not be; it may name an account. */
  failure?: string;
  /** Nothing is removed before this moment, in seconds since 1970, because the relay was off or its clock has jumped. */
  pausedUntil?: number;
}

/** Removes accounts that nobody uses. @returns how many, and how many could not be. */
export type RemoveUnused = (options: {
  readonly unusedDays: number;
  readonly isDryRun: boolean;
  readonly signal: AbortSignal;
}) => Promise<{ readonly removed: number; readonly failed: number }>;

export interface ExpiryOptions {
  readonly store: Store;
  readonly mailboxes: Mailboxes;
  readonly rules: ExpiryRules;
  readonly removeUnused: RemoveUnused;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Changes nothing, and says what would be removed. */
  readonly isDryRun?: boolean;
  /** Does not care for how long the relay was off. */
  readonly isClockTrusted?: boolean;
  readonly onProgress?: (mailboxes: number) => void;
  /** Ends the run after what is under way; the next goes on where it ended. */
  readonly signal?: AbortSignal;
}

/** Mailboxes looked at together. */
const batchSize = 200;

/** Does what is due: all of it survives being killed, and being done by two at once. @throws StoreError, DoveadmError */
export async function expire(options: ExpiryOptions): Promise<ExpiryReport> {
  const { store, rules, now, removeUnused, isDryRun = false, signal = new AbortController().signal } = options;
  const seconds = Math.floor(now() / 1_000);
  const report = newReport();
  const state = await store.read(readState);
  const clock = clockAt(seconds, options.isClockTrusted === true ? undefined : state.clock);
  const rulesText = JSON.stringify(rules);
  const isOtherRules = state.rules !== undefined && state.rules !== rulesText;
  if (!isDryRun) await store.write((db) => writeState(db, { clock, rules: state.rules ?? rulesText }));
  if (clock.mailFrom > seconds) return { ...report, pausedUntil: clock.mailFrom };

  if (rules.unusedAccountDays > 0) {
    if (clock.accountsFrom > seconds) report.pausedUntil = clock.accountsFrom;
    else await remove(report, () => removeUnused({ unusedDays: rules.unusedAccountDays, isDryRun, signal }));
  }

  const schedule = new VisitSchedule(store);
  if (isDryRun) {
    for await (const addresses of schedule.pages(isOtherRules ? Number.MAX_SAFE_INTEGER : seconds, batchSize)) {
      if (signal.aborted) break;
      await work(addresses, { ...options, report, seconds });
    }
    return report;
  }
  if (isOtherRules) {
    await schedule.makeAllDue();
    await store.write((db) => writeState(db, { clock, rules: rulesText }));
  }
  await schedule.addMissing(seconds, horizonAt(rules, seconds));
  while (!signal.aborted) {
    const { addresses, lease } = await schedule.claim(seconds, batchSize);
    if (addresses.length === 0) break;
    await schedule.settle(await work(addresses, { ...options, report, seconds }), lease);
  }
  return report;
}

/** Looks at these mailboxes, due or not: somebody has said that they are full. */
export async function expireThese(addresses: readonly string[], options: ExpiryOptions): Promise<ExpiryReport> {
  const { store, rules, now, isDryRun = false } = options;
  const seconds = Math.floor(now() / 1_000);
  const report = newReport();
  const clock = clockAt(seconds, options.isClockTrusted === true ? undefined : (await store.read(readState)).clock);
  if (clock.mailFrom > seconds) return { ...report, pausedUntil: clock.mailFrom };
  const schedule = new VisitSchedule(store);
  if (isDryRun) {
    await work(await schedule.existing(addresses), { ...options, report, seconds });
    return report;
  }
  for (let from = 0; from < addresses.length; from += batchSize) {
    const { addresses: claimed, lease } = await schedule.claimThese(addresses.slice(from, from + batchSize), seconds);
    await schedule.settle(await work(claimed, { ...options, rules, report, seconds }), lease);
  }
  return report;
}

/** What goes wrong with accounts is no reason to leave mail where it is. */
async function remove(report: ExpiryReport, removeUnused: () => ReturnType<RemoveUnused>): Promise<void> {
  try {
    const { removed, failed } = await removeUnused();
    report.accounts += removed;
    report.failed += failed;
  } catch (cause) {
    report.failed += 1;
    report.failure = reasonOf(cause);
  }
}

interface Work extends ExpiryOptions {
  readonly report: ExpiryReport;
  readonly seconds: number;
}

/** How long a mailbox is left alone that could not be looked at. */
const failurePauseSeconds = 3_600;

/**
 * One mailbox that cannot be worked on holds up no other: when something fails, each is done alone.
 *
 * @returns when to come again. @throws when none of them can be worked on, which is no fault of theirs.
 */
async function work(addresses: readonly string[], options: Work): Promise<ReadonlyMap<string, number>> {
  const { mailboxes, rules, seconds: now, report, isDryRun = false, onProgress = () => {} } = options;
  if (addresses.length === 0) return new Map();
  const settings = { mailboxes, rules, now, isDryRun };
  const next = new Map<string, number>();
  const note = (visited: ReadonlyMap<string, Visited>): void => {
    for (const [address, mailbox] of visited) {
      count(mailbox, report);
      next.set(address, mailbox.visitAt);
    }
    onProgress(report.mailboxes);
  };
  try {
    note(await visit(addresses, settings));
    return next;
  } catch (cause) {
    report.failure = reasonOf(cause);
  }
  let failed = 0;
  for (const address of addresses) {
    try {
      note(await visit([address], settings));
    } catch (cause) {
      failed += 1;
      report.failure = reasonOf(cause);
      next.set(address, now + failurePauseSeconds);
      if (failed >= hopeless && failed === next.size) throw cause;
    }
  }
  report.failed += failed;
  return next;
}

/** So many of them failing, and hardly one not, is no fault of the mailboxes. */
const hopeless = 5;

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function newReport(): ExpiryReport {
  return { mailboxes: 0, messages: 0, bytes: 0, evicted: 0, evictedBytes: 0, full: 0, accounts: 0, failed: 0 };
}

function count({ tooOld, evicted, isTooFull }: Visited, report: ExpiryReport): void {
  report.mailboxes += 1;
  report.messages += tooOld.messages;
  report.bytes += tooOld.bytes;
  report.evicted += evicted.messages;
  report.evictedBytes += evicted.bytes;
  report.full += isTooFull ? 1 : 0;
}
