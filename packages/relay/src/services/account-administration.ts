import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Administration } from '../accounts/administration.ts';
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
  const secrets = loadSecrets(join(config.data, 'secret.key'));
  const store = await openStore(storeLocation(config), { create: false });
  return new Administration({ store, settings: accountSettings(config), secrets, now: Date.now, random: randomBytes });
}
