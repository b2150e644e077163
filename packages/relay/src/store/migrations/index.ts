import { accounts } from './accounts.ts';
import { deviceTokens } from './device-tokens.ts';
import { expiry } from './expiry.ts';
import { mailUsage } from './mail-usage.ts';
import type { Migration } from './migration.ts';
import { secrets } from './secrets.ts';

/** In the order in which they are applied. Add at the end; never reorder, rename or remove. */
export const migrations: readonly Migration[] = [accounts, mailUsage, deviceTokens, secrets, expiry];
