import type { UserRecord } from '../backend.ts';

/** What names a login: only the process that was told of it can know all three. */
export interface LoginKey {
  readonly clientPid: number;
  readonly id: number;
  /** 128 random bits that its connection was given. */
  readonly cookie: string;
}

/**
 * Accepted logins that wait to be claimed: the login process is told OK, hands the connection to a mail process,
 * and that one asks over the master socket whose login it was. Each can be claimed once, and expires.
 */
export class UnclaimedLogins {
  readonly #limit: number;
  readonly #timeoutMs: number;
  /** In the order of their arrival, therefore of their expiry. */
  readonly #logins = new Map<string, { readonly record: UserRecord; readonly expiresAt: number }>();

  readonly #claimed: (() => void)[] = [];

  constructor(limits: { limit: number; timeoutMs: number }) {
    this.#limit = limits.limit;
    this.#timeoutMs = limits.timeoutMs;
  }

  get size(): number {
    return this.#logins.size;
  }

  /** Resolves when no login waits any more. One that expired waits until the next login comes. */
  claimed(): Promise<void> {
    if (this.#logins.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#claimed.push(resolve));
  }

  add(key: LoginKey, record: UserRecord, now: number): void {
    this.#forget(now);
    const name = nameOf(key);
    this.#logins.delete(name);
    this.#logins.set(name, { record, expiresAt: now + this.#timeoutMs });
  }

  claim(key: LoginKey, now: number): UserRecord | undefined {
    const login = this.#logins.get(nameOf(key));
    if (login === undefined) return undefined;
    this.#logins.delete(nameOf(key));
    if (this.#logins.size === 0) for (const resolve of this.#claimed.splice(0)) resolve();
    return login.expiresAt > now ? login.record : undefined;
  }

  #forget(now: number): void {
    for (const [name, login] of this.#logins) {
      if (login.expiresAt > now && this.#logins.size < this.#limit) return;
      this.#logins.delete(name);
    }
  }
}

function nameOf(key: LoginKey): string {
  return `${key.clientPid} ${key.id} ${key.cookie}`;
}
