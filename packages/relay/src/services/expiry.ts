import type { Administration } from '../accounts/administration.ts';
import { removeUnused } from '../accounts/unused.ts';
import type { Config } from '../config/config.ts';
import { doveadmMailboxes } from '../expiry/doveadm.ts';
import { expire, type ExpiryOptions, type ExpiryReport, expireThese } from '../expiry/expire.ts';
import { layoutOf } from '../setup/layout.ts';
import { openStore } from '../store/store.ts';
import { openAdministration } from './account-administration.ts';
import type { Log } from './log.ts';
import { redact } from './mail-log.ts';
import { connectedUsers } from './mail-sessions.ts';
import { reasonOf } from './service.ts';
import { expiryRules, storeLocation } from './settings.ts';

export interface ExpiryRun {
  /** Only these mailboxes, due or not; otherwise all that are due. */
  readonly addresses?: readonly string[] | undefined;
  /** Changes nothing, and says what would be removed. */
  readonly isDryRun: boolean;
  /** Does not care for how long the relay was off. */
  readonly isClockTrusted: boolean;
  readonly onProgress: (mailboxes: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Removes what is too old, makes room, and removes accounts that nobody uses: what is due by now.
 *
 * @returns undefined when nothing may be removed, because a backup is being put back.
 * @throws StoreError, DoveadmError, RangeError as `openAdministration`.
 */
export async function runExpiry(config: Config, run: ExpiryRun): Promise<ExpiryReport | undefined> {
  const accounts = await openAdministration(config);
  try {
    if ((await accounts.registration()).isRestoring) return undefined;
    const store = await openStore(storeLocation(config), { create: false });
    try {
      if (!run.isDryRun) await accounts.removeLeftovers();
      const options: ExpiryOptions = {
        ...run,
        store,
        rules: expiryRules(config),
        mailboxes: doveadmMailboxes(layoutOf(config).dovecotConf),
        now: Date.now,
        removeUnused: (unused) => removeThem(accounts, config, unused),
      };
      return await (run.addresses === undefined ? expire(options) : expireThese(run.addresses, options));
    } finally {
      await store.close();
    }
  } finally {
    await accounts.close();
  }
}

/** The same, for the relay's log, which names nobody; there is a line only if there is something to say. */
export async function runExpiryLogged(config: Config, run: ExpiryRun, log: Log): Promise<void> {
  try {
    const report = await runExpiry(config, run);
    if (report === undefined) return;
    const { failure, pausedUntil, ...facts } = report;
    if (report.mailboxes === 0 && pausedUntil !== undefined) log('expiry.paused', { until: pausedUntil });
    const { mailboxes: looked, ...changes } = facts;
    if (Object.values(changes).every((count) => count === 0)) return;
    log('expiry.done', { looked, ...changes, error: failure === undefined ? undefined : redact(failure) });
  } catch (error) {
    log('expiry.failed', { error: redact(reasonOf(error)) });
  }
}

async function removeThem(
  accounts: Administration,
  config: Config,
  unused: Parameters<ExpiryOptions['removeUnused']>[0],
): ReturnType<ExpiryOptions['removeUnused']> {
  return await removeUnused(accounts, { ...unused, connectedUsers: () => connectedUsers(config) });
}
