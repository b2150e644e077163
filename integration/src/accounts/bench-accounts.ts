import { randomBytes } from 'node:crypto';
import { type AccountBackend, createAccountBackend } from '../../../packages/relay/src/accounts/backend.ts';
import { deriveSecrets } from '../../../packages/relay/src/accounts/secrets.ts';
import { accountDefaults, type AccountSettings } from '../../../packages/relay/src/accounts/settings.ts';
import type { Store } from '../../../packages/relay/src/store/store.ts';

/** The defaults of a relay, without what would refuse a crowd. */
export const benchSettings: AccountSettings = {
  ...accountDefaults,
  domain: 'example.org',
  usernameMinLength: 1,
  usernameMaxLength: 64,
  homeOf: (user) => `/var/mail/v/${user}`,
  uid: 5000,
  gid: 5000,
  budgets: {
    perSource: { count: Infinity, windowSeconds: 1 },
    relay: { count: Infinity, windowSeconds: 1 },
    automatic: { count: Infinity, windowSeconds: 1 },
  },
  shortages: { maxLoad1m: Infinity, minFreeMemoryBytes: 0, minFreeDiskBytes: 0, diskFolder: '/' },
};

export function benchBackend(store: Store, settings: AccountSettings = benchSettings): AccountBackend {
  return createAccountBackend({
    store,
    settings,
    secrets: deriveSecrets(Buffer.alloc(32)),
    now: Date.now,
    random: randomBytes,
    onEvent: () => {},
  });
}

export function benchUser(number: number): string {
  return `user${String(number).padStart(8, '0')}@example.org`;
}

const batch = 2_000;

/** Adds accounts `from` to `to`, with a password that is as long as a real one and that nobody has. */
export async function fill(store: Store, from: number, to: number): Promise<void> {
  const password = `{ARGON2ID}$argon2id$v=19$m=19456,t=2,p=1$${'a'.repeat(22)}$${'b'.repeat(43)}`;
  const rest = { password, proof: 'c'.repeat(43), created_day: 20_000, reserved_until: null };
  for (let at = from; at < to; at += batch) {
    const rows = Array.from({ length: Math.min(batch, to - at) }, (_, n) => ({ address: benchUser(at + n), ...rest }));
    await store.write((db) => db.insertInto('accounts').values(rows).execute());
  }
}
