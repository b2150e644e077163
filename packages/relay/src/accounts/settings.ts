import type { AutomaticMode, NameRules, RegistrationMode } from './policy.ts';

/** How costly a stored password is to guess. */
export interface Argon2Cost {
  readonly memoryKiB: number;
  readonly passes: number;
  readonly lanes: number;
}

/** At most `count` in any `windowSeconds`. */
export interface Budget {
  readonly count: number;
  readonly windowSeconds: number;
}

/** Everything about accounts that an operator can set. Start from {@link accountDefaults}. */
export interface AccountSettings extends NameRules {
  /** Holds until the operator switches it while the relay runs. */
  readonly registration: RegistrationMode;
  readonly automatic: AutomaticMode;
  /** The folder for one account's mail. */
  homeOf(user: string): string;
  /** Whom the mail belongs to on disk. */
  readonly uid: number;
  readonly gid: number;
  readonly passwords: PasswordSettings;
  readonly budgets: {
    /** New accounts per /24 (IPv4) or /64 (IPv6). */
    readonly perSource: Budget;
    readonly relay: Budget;
    /** Automatic sign-ups, where they are limited. */
    readonly automatic: Budget;
  };
  /** No new accounts beyond these. */
  readonly shortages: {
    readonly maxLoad1m: number;
    readonly minFreeMemoryBytes: number;
    readonly minFreeDiskBytes: number;
    /** Where mail is kept. */
    readonly diskFolder: string;
  };
  /** Days without a login after which an account may be removed at any moment; 0 is never. */
  readonly unusedDays: number;
  /** How long a deleted address cannot be created again. */
  readonly tombstoneDays: number;
  /** How long an invite that was redeemed keeps its address for the first login. */
  readonly reservationSeconds: number;
}

export interface PasswordSettings {
  readonly argon2: Argon2Cost;
  /** Hashes computed at the same time. */
  readonly maxConcurrent: number;
  readonly maxQueued: number;
  /** From the login to the answer; then it is a temporary failure. */
  readonly deadlineMs: number;
  /** From a login to the stored form's renewal: until then the client that came for the first time has what it needs. */
  readonly rehashAfterMs: number;
  /** Logins remembered, so that the next one costs microseconds. */
  readonly maxRemembered: number;
  readonly rememberSeconds: number;
}

const megabyte = 1024 ** 2;

export const accountDefaults: Omit<AccountSettings, 'domain' | 'homeOf' | 'uid' | 'gid'> = {
  usernameMinLength: 9,
  usernameMaxLength: 9,
  passwordMinLength: 9,
  registration: 'open',
  automatic: 'allow',
  passwords: {
    argon2: { memoryKiB: 19_456, passes: 2, lanes: 1 }, // OWASP Password Storage Cheat Sheet, the least for Argon2id
    maxConcurrent: 2,
    maxQueued: 1_000,
    deadlineMs: 8_000, // Postfix gives up a SASL answer after 10 s, our door after 9 s
    rehashAfterMs: 10_000,
    maxRemembered: 50_000,
    rememberSeconds: 86_400,
  },
  budgets: {
    perSource: { count: 100, windowSeconds: 3_600 }, // whole cities share a /24 behind a carrier's address translation
    relay: { count: 5_000, windowSeconds: 3_600 },
    automatic: { count: 100, windowSeconds: 3_600 },
  },
  shortages: {
    maxLoad1m: 5,
    minFreeMemoryBytes: 200 * megabyte,
    minFreeDiskBytes: 1024 * megabyte,
    diskFolder: '/',
  },
  unusedDays: 0,
  tombstoneDays: 365,
  reservationSeconds: 3_600,
};
