import { daySeconds } from './rules.ts';

/** What is known of the clock by which things become old. Times are in seconds since 1970. */
export interface ClockRecord {
  readonly ranAt: number;
  /** From when on mail may be removed for its age, and accounts for not being used. */
  readonly mailFrom: number;
  readonly accountsFrom: number;
}

/** The relay looks every hour; whoever was away for longer than this was off, or woke up in another year. */
const longestGapSeconds = 2 * daySeconds;
const longestStepBackSeconds = 3_600;
/** Time for the operator and for NTP to put the clock right, and for users to come back, before anything is removed. */
const mailPauseSeconds = daySeconds;
const accountPauseSeconds = 30 * daySeconds;

/**
 * A clock that jumps, as on a machine without a battery, would make all mail and all accounts old at once; and users
 * cannot log in at a relay that is off. So after a gap nothing is removed for a while.
 *
 * @param previous what the last run returned; undefined at the first.
 */
export function clockAt(now: number, previous: ClockRecord | undefined): ClockRecord {
  if (previous === undefined) return { ranAt: now, mailFrom: now, accountsFrom: now };
  const gap = now - previous.ranAt;
  const isTrusted = gap <= longestGapSeconds && gap >= -longestStepBackSeconds;
  const pausedFrom = { mailFrom: now + mailPauseSeconds, accountsFrom: now + accountPauseSeconds };
  if (!isTrusted) return { ranAt: now, ...pausedFrom };
  return {
    ranAt: now,
    mailFrom: Math.min(previous.mailFrom, pausedFrom.mailFrom),
    accountsFrom: Math.min(previous.accountsFrom, pausedFrom.accountsFrom),
  };
}
