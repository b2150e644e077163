import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { Administration } from '../accounts/administration.ts';
import type { RegistrationMode } from '../accounts/policy.ts';
import { agreeOnSecret, replaceSecret } from '../accounts/secret-agreement.ts';
import { loadSecrets } from '../accounts/secrets.ts';
import type { Config } from '../config/config.ts';
import { openStore } from '../store/store.ts';
import { endMailSessions, isDovecotHere } from './mail-sessions.ts';
import { accountSettings, secretPath, storeLocation } from './settings.ts';

/** Between the answer to a mail process and its session lie some milliseconds of work, more on a busy machine. */
const settleMs = 1_000;

/**
 * What an operator's commands do with the accounts; they never make a database or a secret of their own.
 *
 * @param options.takesNewSecret drops what another secret protected, instead of refusing the one that is there.
 * @throws StoreError, RangeError when the relay has never run, keeps its accounts elsewhere, or its secret was replaced.
 */
export async function openAdministration(
  config: Config,
  { takesNewSecret = false }: { readonly takesNewSecret?: boolean } = {},
): Promise<Administration> {
  const secrets = loadSecrets(secretPath(config));
  const store = await openStore(storeLocation(config), { create: false });
  try {
    if (takesNewSecret) await replaceSecret(store, secrets);
    else await agreeOnSecret(store, secrets, secretPath(config));
  } catch (cause) {
    await store.close();
    throw cause;
  }
  return new Administration({
    store,
    settings: accountSettings(config),
    secrets,
    now: Date.now,
    random: randomBytes,
    endSessions: (user) => endMailSessions(user, config),
    settle: () => wait(isDovecotHere(config) ? settleMs : 0),
  });
}

/**
 * Who may create an account at this moment: what an operator switched to, or, where no relay has run yet, what the
 * configuration says.
 *
 * @throws StoreError, RangeError when the relay keeps its accounts here, and they cannot be read.
 */
export async function registrationNow(config: Config): Promise<RegistrationMode> {
  if (statSync(secretPath(config), { throwIfNoEntry: false }) === undefined) return config.accounts.registration;
  const accounts = await openAdministration(config);
  try {
    return (await accounts.registration()).mode;
  } finally {
    await accounts.close();
  }
}
