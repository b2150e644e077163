import type { LoginAttempt } from '@postern/dovecot-auth';
import type { Kysely } from 'kysely';
import type { Store } from '../store/store.ts';
import type { Tables } from '../store/tables.ts';
import type { CreationBudgets } from './budgets.ts';
import type { AccountListener } from './events.ts';
import { isMachineMade } from './machine-made.ts';
import type { Passwords } from './passwords.ts';
import { type CreationFacts, type CreationVerdict, decideCreation } from './policy.ts';
import { prove } from './proofs.ts';
import { type AccountRow, dayOf, findAccount, insertAccount, isLapsed } from './records.ts';
import type { AccountSecrets } from './secrets.ts';
import type { AccountSettings } from './settings.ts';
import { type Resources, shortagesOf } from './shortages.ts';
import { readSwitches } from './switches.ts';
import { isTombstoned, tombstoneOf } from './tombstones.ts';
import { Turns } from './turns.ts';

export interface CreationOptions {
  readonly store: Store;
  readonly settings: AccountSettings;
  readonly secrets: AccountSecrets;
  readonly passwords: Passwords;
  readonly budgets: CreationBudgets;
  readonly now: () => number;
  readonly onEvent: AccountListener;
  readonly isAutomatic: (attempt: LoginAttempt) => boolean;
  readonly resources: () => Promise<Resources>;
}

export type CreationOutcome =
  | { readonly kind: 'created'; readonly row: AccountRow }
  /** Somebody else was faster, or the address existed all along. */
  | { readonly kind: 'taken'; readonly row: AccountRow }
  | Extract<CreationVerdict, { kind: 'refuse' }>;

/** Makes accounts out of first logins, as far as the policy lets it. */
export class Creation {
  readonly #options: CreationOptions;
  readonly #turns = new Turns();

  constructor(options: CreationOptions) {
    this.#options = options;
  }

  /** What the policy would say to this attempt if the address were free. */
  async verdict(attempt: LoginAttempt): Promise<CreationVerdict> {
    return decideCreation(await this.#facts(attempt), this.#options.settings);
  }

  /** @throws StoreError, OverloadError: then there is no account, or a whole one. */
  async create(attempt: LoginAttempt): Promise<CreationOutcome> {
    const { settings, passwords } = this.#options;
    const facts = await this.#facts(attempt);
    const verdict = decideCreation(facts, settings);
    if (verdict.kind === 'refuse') {
      // An address that exists costs a hash before it is refused; so does one that does not.
      await passwords.pretend(attempt.password, attempt.signal);
      return verdict;
    }
    // In one process the first comer makes the account, and the others need neither a hash nor a transaction of theirs.
    return await this.#turns.take(attempt.user, () => this.#make(attempt, facts));
  }

  async #make(attempt: LoginAttempt, facts: CreationFacts): Promise<CreationOutcome> {
    const { store, passwords, budgets, onEvent } = this.#options;
    const existing = await store.read((db) => findAccount(db, attempt.user));
    if (existing !== undefined && !isLapsed(existing, this.#seconds())) return { kind: 'taken', row: existing };
    // Nothing waits between looking at the budgets and taking from them, so that many at once do not overrun them.
    const spentBudgets = budgets.spent(attempt.remoteAddress, this.#seconds());
    const verdict = decideCreation({ ...facts, spentBudgets }, this.#options.settings);
    if (verdict.kind === 'refuse') return verdict;
    const giveBack = budgets.take(attempt.remoteAddress, facts.isAutomatic, this.#seconds());
    let outcome: CreationOutcome | undefined;
    try {
      const stored = await passwords.first(attempt.password, attempt.signal);
      outcome = await this.#insert(attempt, { ...facts, spentBudgets }, stored);
      if (outcome.kind === 'created') onEvent({ kind: 'account.created', isAutomatic: facts.isAutomatic });
      return outcome;
    } finally {
      if (outcome?.kind !== 'created') giveBack();
    }
  }

  /** Looks at everything in the database once more, in the transaction that makes the account. */
  async #insert(attempt: LoginAttempt, facts: CreationFacts, stored: string): Promise<CreationOutcome> {
    const { store, settings, secrets, now } = this.#options;
    const { user, password } = attempt;
    const proof = isMachineMade(password) ? prove(secrets.proofKey, { user, password, stored }) : null;
    const row: AccountRow = {
      address: user,
      password: stored,
      proof: proof?.toString('base64url') ?? null,
      created_day: dayOf(now()),
      last_imap_day: null,
      last_smtp_day: null,
      blocked_day: null,
      blocked_reason: null,
      reserved_until: null,
    };
    return await store.write<CreationOutcome>(async (db) => {
      const existing = await findAccount(db, user);
      if (existing !== undefined && !isLapsed(existing, this.#seconds())) return { kind: 'taken', row: existing };
      const verdict = decideCreation({ ...facts, ...(await this.#storedFacts(db, user)) }, settings);
      if (verdict.kind === 'refuse') return verdict;
      if (existing !== undefined) await db.deleteFrom('accounts').where('address', '=', user).execute();
      await insertAccount(db, row);
      return { kind: 'created', row };
    }, accountLock(user));
  }

  async #facts(attempt: LoginAttempt): Promise<CreationFacts> {
    const { store, settings, budgets, isAutomatic, resources } = this.#options;
    const { user, password, remoteAddress } = attempt;
    return {
      user,
      passwordLength: new TextDecoder().decode(password).replace(/[\uD800-\uDBFF][\uDC00-\uDFFF]/g, '.').length,
      automatic: settings.automatic,
      isAutomatic: isAutomatic(attempt),
      shortages: shortagesOf(await resources(), settings.shortages),
      ...(await store.read((db) => this.#storedFacts(db, user))),
      spentBudgets: budgets.spent(remoteAddress, this.#seconds()),
    };
  }

  async #storedFacts(
    db: Kysely<Tables>,
    user: string,
  ): Promise<Pick<CreationFacts, 'registration' | 'isRestoring' | 'isTombstoned'>> {
    const { settings, secrets } = this.#options;
    const { registration, isRestoring } = await readSwitches(db);
    return {
      registration: registration ?? settings.registration,
      isRestoring,
      isTombstoned: await isTombstoned(db, tombstoneOf(secrets.tombstoneKey, user), this.#seconds()),
    };
  }

  #seconds(): number {
    return Math.floor(this.#options.now() / 1_000);
  }
}

/** The lock under which an address comes and goes. */
export function accountLock(address: string): string {
  return `account ${address}`;
}
