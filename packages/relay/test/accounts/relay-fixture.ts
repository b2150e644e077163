import { randomBytes } from 'node:crypto';
import type { LoginAttempt } from '@postern/dovecot-auth';
import { type AccountBackend, type AccountBackendOptions, createAccountBackend } from '../../src/accounts/backend.ts';
import type { AccountEvent } from '../../src/accounts/events.ts';
import { deriveSecrets } from '../../src/accounts/secrets.ts';
import { accountDefaults, type AccountSettings } from '../../src/accounts/settings.ts';
import type { Store } from '../../src/store/store.ts';

export const testSecrets = deriveSecrets(Buffer.alloc(32, 'a secret of the tests'));

/** The defaults of a relay for `chat.example`, with Argon2 at its cheapest: how often it runs matters, not how long. */
export const testSettings: AccountSettings = {
  ...accountDefaults,
  domain: 'chat.example',
  homeOf: (user) => `/var/mail/${user}`,
  uid: 5000,
  gid: 5000,
  passwords: {
    ...accountDefaults.passwords,
    argon2: { memoryKiB: 8, passes: 1, lanes: 1 },
    deadlineMs: 60_000,
    rehashAfterMs: 0,
  },
  shortages: { ...accountDefaults.shortages, maxLoad1m: Infinity, minFreeMemoryBytes: 0, minFreeDiskBytes: 0 },
};

export interface TestRelay {
  readonly backend: AccountBackend;
  readonly events: AccountEvent[];
  /** Milliseconds since 1970; tests set it. */
  readonly clock: { now: number };
}

/** A backend with a clock that stands still, on a store that the test opened. */
export function testRelay(store: Store, changes: Partial<AccountBackendOptions> = {}): TestRelay {
  const events: AccountEvent[] = [];
  const clock = { now: Date.UTC(2026, 10, 22, 12) };
  const backend = createAccountBackend({
    store,
    settings: testSettings,
    secrets: testSecrets,
    now: () => clock.now,
    random: randomBytes,
    onEvent: (event) => events.push(event),
    ...changes,
  });
  return { backend, events, clock };
}

export const never: AbortSignal = new AbortController().signal;

export function login(user: string, password: string | Uint8Array, more: Partial<LoginAttempt> = {}): LoginAttempt {
  return { user, password: Buffer.from(password), service: 'imap', signal: never, ...more };
}

export async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}
