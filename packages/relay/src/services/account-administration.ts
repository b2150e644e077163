import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { Administration } from '../accounts/administration.ts';
import type { RegistrationMode } from '../accounts/policy.ts';
import { loadSecrets } from '../accounts/secrets.ts';
import type { Config } from '../config/config.ts';
import { openStore } from '../store/store.ts';
import { accountSettings, storeLocation } from './settings.ts';

/**
 * What an operator's commands do with the accounts; they never make a database or a secret of their own.
 *
 * @throws StoreError, RangeError when the relay has never run, or keeps its accounts elsewhere.
 */
export async function openAdministration(config: Config): Promise<Administration> {
  const secrets = loadSecrets(secretKeyFile(config));
  const store = await openStore(storeLocation(config), { create: false });
  return new Administration({ store, settings: accountSettings(config), secrets, now: Date.now, random: randomBytes });
}

/**
 * Who may create an account at this moment: what an operator switched to, or, where no relay has run yet, what the
 * configuration says.
 *
 * @throws StoreError, RangeError when the relay keeps its accounts here, and they cannot be read.
 */
export async function registrationNow(config: Config): Promise<RegistrationMode> {
  if (statSync(secretKeyFile(config), { throwIfNoEntry: false }) === undefined) return config.accounts.registration;
  const accounts = await openAdministration(config);
  try {
    return (await accounts.registration()).mode;
  } finally {
    await accounts.close();
  }
}

function secretKeyFile(config: Config): string {
  return join(config.data, 'secret.key');
}
