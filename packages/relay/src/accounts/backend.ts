import { createSecretKey, type KeyObject } from 'node:crypto';
import type { AuthBackend, LoginAttempt, LoginOutcome, UserRecord } from '@postern/dovecot-auth';
import type { Store } from '../store/store.ts';
import { normalizeUser } from './address.ts';
import { CreationBudgets } from './budgets.ts';
import { accountLock, Creation } from './creation.ts';
import type { AccountListener, LoginRefusal } from './events.ts';
import { InFlight } from './in-flight.ts';
import { LastSeen } from './last-seen.ts';
import { isAutomaticSignUp, isMachineMade } from './machine-made.ts';
import { Passwords } from './passwords.ts';
import { isOurs } from './policy.ts';
import { isProof, prove, RememberedLogins } from './proofs.ts';
import { Rehashing } from './rehashing.ts';
import { type AccountRow, dayOf, findAccount, isLapsed, isNearlyUnused, isReservation, pagesOf } from './records.ts';
import type { AccountSecrets } from './secrets.ts';
import type { AccountSettings } from './settings.ts';
import { resourceReader, type Resources } from './shortages.ts';

export interface AccountBackendOptions {
  readonly store: Store;
  readonly settings: AccountSettings;
  readonly secrets: AccountSecrets;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Gives that many random bytes, fit for keys. */
  readonly random: (size: number) => Uint8Array;
  readonly onEvent: AccountListener;
  /** Recognises sign-ups that a client makes by itself. */
  readonly isAutomatic?: (attempt: LoginAttempt) => boolean;
  readonly resources?: () => Promise<Resources>;
}

export interface AccountBackend extends AuthBackend {
  /** Writes what is only in memory. The store stays open. */
  close(): Promise<void>;
}

/** Few: of larger pages V8 sees so much survive that it takes them for long-lived, and lets tens of megabytes of them lie. */
const listedAtOnce = 100;

/** What stands behind Dovecot: accounts in the store, made by their first login. */
export function createAccountBackend(options: AccountBackendOptions): AccountBackend {
  return new StoredAccounts(options);
}

type Checked =
  | { readonly kind: 'accepted'; readonly row: AccountRow }
  | { readonly kind: 'blocked'; readonly reason?: string }
  | { readonly kind: 'refused'; readonly code: LoginRefusal; readonly reason?: string };

class StoredAccounts implements AccountBackend {
  readonly #store: Store;
  readonly #settings: AccountSettings;
  readonly #proofKey: KeyObject;
  readonly #now: () => number;
  readonly #onEvent: AccountListener;
  readonly #passwords: Passwords;
  readonly #remembered: RememberedLogins;
  readonly #creation: Creation;
  readonly #lastSeen: LastSeen;
  readonly #rehashing: Rehashing;
  readonly #inFlight: InFlight<Checked>;

  constructor(options: AccountBackendOptions) {
    const { store, settings, secrets, now, random, onEvent } = options;
    this.#store = store;
    this.#settings = settings;
    this.#proofKey = createSecretKey(secrets.proofKey);
    this.#now = now;
    this.#onEvent = onEvent;
    this.#passwords = new Passwords(settings.passwords);
    this.#remembered = new RememberedLogins({ key: random(32), ...settings.passwords });
    this.#rehashing = new Rehashing({
      store,
      passwords: this.#passwords,
      proofKey: this.#proofKey,
      rehashAfterMs: settings.passwords.rehashAfterMs,
      onRehashed: (password, row) => this.#remember(password, row),
      onFailure: (cause) => onEvent({ kind: 'rehash.failed', cause }),
    });
    this.#inFlight = new InFlight();
    this.#lastSeen = new LastSeen(store, (cause) => onEvent({ kind: 'last-seen.failed', cause }));
    this.#creation = new Creation({
      store,
      settings,
      secrets,
      now,
      onEvent,
      passwords: this.#passwords,
      budgets: new CreationBudgets(settings.budgets, random(32)),
      isAutomatic: options.isAutomatic ?? isAutomaticSignUp,
      resources: options.resources ?? resourceReader(settings.shortages.diskFolder, now),
    });
  }

  async verify(attempt: LoginAttempt): Promise<LoginOutcome> {
    const user = normalizeUser(attempt.user);
    // A client's IMAP and SMTP logins come at the same moment, also the first ones: one of them does the work.
    const checked = await this.#inFlight.share({ ...attempt, user }, (shared) => this.#check(shared));
    const outcome = await this.#answer(checked, attempt.service);
    if (checked.kind === 'accepted') this.#rehashing.note(attempt.password, checked.row);
    return outcome;
  }

  async lookup(user: string): Promise<UserRecord | undefined> {
    const address = normalizeUser(user);
    if (!isOurs(address, this.#settings)) return undefined;
    const row = await this.#store.read((db) => findAccount(db, address));
    return row === undefined || isReservation(row) ? undefined : this.#record(address);
  }

  async stillHolds(user: string): Promise<boolean> {
    const row = await this.#store.read((db) => findAccount(db, user));
    return row !== undefined && row.blocked_day === null && !isReservation(row);
  }

  async *users(signal: AbortSignal): AsyncGenerator<string> {
    const pages = pagesOf(
      (after, limit) =>
        this.#store.read((db) => {
          const query = db.selectFrom('accounts').select('address').where('reserved_until', 'is', null);
          return query.where('address', '>', after).orderBy('address').limit(limit).execute();
        }),
      listedAtOnce,
    );
    for await (const page of pages) {
      signal.throwIfAborted();
      for (const { address } of page) yield address;
    }
  }

  async close(): Promise<void> {
    await this.#rehashing.close();
    await this.#lastSeen.flush();
  }

  async #check(attempt: LoginAttempt): Promise<Checked> {
    if (!isOurs(attempt.user, this.#settings)) return await this.#refuse(attempt);
    const row = await this.#store.read((db) => findAccount(db, attempt.user));
    if (row !== undefined && !isLapsed(row, this.#now() / 1_000)) return await this.#checkPassword(attempt, row);
    const outcome = await this.#creation.create(attempt);
    if (outcome.kind === 'refuse') return { ...outcome, kind: 'refused' };
    if (outcome.kind === 'taken') return await this.#checkPassword(attempt, outcome.row);
    this.#remember(attempt.password, outcome.row);
    return { kind: 'accepted', row: outcome.row };
  }

  async #checkPassword(attempt: LoginAttempt, row: AccountRow): Promise<Checked> {
    const claim = { user: row.address, password: attempt.password, stored: row.password };
    const isKnown =
      (row.proof !== null && isProof(row.proof, this.#proofKey, claim)) || this.#remembered.has(claim, this.#now());
    if (!isKnown && !(await this.#passwords.verify(attempt.password, row.password, attempt.signal))) {
      return await this.#refuse(attempt);
    }
    if (row.blocked_day !== null) {
      return { kind: 'blocked', ...(row.blocked_reason !== null && { reason: row.blocked_reason }) };
    }
    const current = await this.#renew(attempt, row);
    if (!isKnown || current !== row) this.#remember(attempt.password, current); // what is known expires all the same
    return { kind: 'accepted', row: current };
  }

  /** Says what it would say of an address that does not exist, so that the two cannot be told apart. */
  async #refuse(attempt: LoginAttempt): Promise<Checked> {
    const verdict = await this.#creation.verdict(attempt);
    if (verdict.kind === 'create') return { kind: 'refused', code: 'wrong-password' };
    const code = isOurs(attempt.user, this.#settings) ? 'wrong-password' : verdict.code;
    return { ...verdict, kind: 'refused', code };
  }

  /** After a right password: turns a reservation into an account, and adds a proof where it may have one. */
  async #renew({ password }: LoginAttempt, row: AccountRow): Promise<AccountRow> {
    const stored = row.password;
    const proof =
      row.proof === null && isMachineMade(password)
        ? prove(this.#proofKey, { user: row.address, password, stored }).toString('base64url')
        : row.proof;
    if (proof === row.proof && !isReservation(row)) return row;
    const current = { ...row, proof, reserved_until: null };
    const isStored = await this.#store.write(async (db) => {
      const query = db.updateTable('accounts').set({ proof, reserved_until: null });
      const result = await query.where('address', '=', row.address).where('password', '=', row.password).execute();
      return result.some(({ numUpdatedRows }) => numUpdatedRows > 0n);
    }, accountLock(row.address));
    if (!isStored) throw new Error('the account was changed or removed during the login');
    return current;
  }

  #remember(password: Uint8Array, row: AccountRow): void {
    this.#remembered.add({ user: row.address, password, stored: row.password }, this.#now());
  }

  async #answer(checked: Checked, service: string): Promise<LoginOutcome> {
    if (checked.kind === 'accepted') {
      await this.#noteSeen(checked.row, service);
      return { kind: 'accepted', record: this.#record(checked.row.address) };
    }
    const isBlocked = checked.kind === 'blocked';
    this.#onEvent({ kind: 'login.refused', code: isBlocked ? 'blocked' : checked.code });
    return {
      kind: isBlocked ? 'disabled' : 'refused',
      ...(checked.reason !== undefined && { reason: checked.reason }),
    };
  }

  /** Whose account may be removed at any moment, for nobody used it, is seen before they are told that they are in. */
  async #noteSeen(row: AccountRow, service: string): Promise<void> {
    const today = dayOf(this.#now());
    if (!isNearlyUnused(row, today, this.#settings)) {
      this.#lastSeen.note(row, service, today);
    } else if (!(await this.#lastSeen.noteNow(row, service, today))) {
      throw new Error('the account was removed during the login');
    }
  }

  #record(user: string): UserRecord {
    const { uid, gid } = this.#settings;
    return { user, fields: { uid: String(uid), gid: String(gid), home: this.#settings.homeOf(user) } };
  }
}
