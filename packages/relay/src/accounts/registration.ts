import type { Store } from '../store/store.ts';
import { accountLock } from './creation.ts';
import { findInvite, isUsable, useInvite } from './invites.ts';
import { isMachineMade } from './machine-made.ts';
import { Passwords } from './passwords.ts';
import { type CreationVerdict, decideCreation, type RefusalCode, type RegistrationMode } from './policy.ts';
import { prove } from './proofs.ts';
import { dayOf, findAccount, insertAccount, isLapsed } from './records.ts';
import type { AccountSecrets } from './secrets.ts';
import type { AccountSettings } from './settings.ts';
import { resourceReader, type Resources, shortagesOf } from './shortages.ts';
import { readSwitches, type Switches } from './switches.ts';
import { isTombstoned, tombstoneOf } from './tombstones.ts';

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

export type Reservation =
  | ({ readonly kind: 'credentials' } & Credentials)
  /** The reason is for the person who asked. */
  | {
      readonly kind: 'refused';
      readonly code: RefusalCode | 'invite-invalid' | 'names-used-up';
      readonly reason: string;
    };

export interface RegistrationOptions {
  readonly store: Store;
  readonly settings: AccountSettings;
  readonly secrets: AccountSecrets;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** A name and a password drawn at random, that fit the settings. */
  readonly newCredentials: () => Credentials;
  readonly resources?: () => Promise<Resources>;
}

/** Names that were taken already, by chance, before we give up. */
const maxDraws = 20;

/** Gives out accounts before their first login: what stands behind `/new`. */
export class Registration {
  readonly #options: RegistrationOptions;
  readonly #passwords: Passwords;
  readonly #resources: () => Promise<Resources>;
  #mode: RegistrationMode;

  constructor(options: RegistrationOptions) {
    this.#options = options;
    this.#passwords = new Passwords(options.settings.passwords);
    this.#resources = options.resources ?? resourceReader(options.settings.shortages.diskFolder, options.now);
    this.#mode = options.settings.registration;
    void this.refresh().catch(() => {}); // the first request says what is wrong
  }

  /** Who can get an account, as far as is known: the operator's latest switch shows at the next call. */
  state(): RegistrationMode {
    void this.refresh().catch(() => {});
    return this.#mode;
  }

  /** Asks the store. @throws StoreError */
  async refresh(): Promise<RegistrationMode> {
    this.#modeFrom(await this.#options.store.read(readSwitches));
    return this.#mode;
  }

  /**
   * Without a token: credentials that nobody has, which become an account at their first login. With a valid token: an
   * account that waits for its first login, also while registration is by invite only; one use of the invite is spent.
   *
   * @throws StoreError, OverloadError
   */
  async reserve(token?: string): Promise<Reservation> {
    const { store, newCredentials } = this.#options;
    for (let draw = 0; draw < maxDraws; draw += 1) {
      const credentials = newCredentials();
      const verdict = await this.#verdict(credentials, token);
      if (verdict.kind === 'refuse') {
        if (verdict.code === 'tombstoned') continue;
        if (verdict.code === 'invite-needed' && token !== undefined) return invalidInvite;
        return { kind: 'refused', code: verdict.code, reason: reasonFor(verdict.code) };
      }
      const reserved = verdict.byInvite
        ? await this.#keep(credentials, verdict.token)
        : (await store.read((db) => findAccount(db, credentials.email))) === undefined
          ? 'free'
          : 'taken';
      if (reserved === 'spent') return invalidInvite;
      if (reserved !== 'taken') return { kind: 'credentials', ...credentials };
    }
    const reason = 'This relay has hardly a free name left: its operator can allow longer ones.';
    return { kind: 'refused', code: 'names-used-up', reason };
  }

  async #verdict(
    { email, password }: Credentials,
    token: string | undefined,
  ): Promise<
    | { readonly kind: 'create'; readonly byInvite: false }
    | { readonly kind: 'create'; readonly byInvite: true; readonly token: string }
    | Extract<CreationVerdict, { kind: 'refuse' }>
  > {
    const { store, settings, secrets } = this.#options;
    const facts = await store.read(async (db) => ({
      switches: await readSwitches(db),
      invite: token === undefined ? undefined : await findInvite(db, token),
      isTombstoned: await isTombstoned(db, tombstoneOf(secrets.tombstoneKey, email), this.#seconds()),
    }));
    const mode = this.#modeFrom(facts.switches);
    const byInvite = facts.invite !== undefined && isUsable(facts.invite, this.#seconds());
    const verdict = decideCreation(
      {
        user: email,
        passwordLength: password.length,
        registration: mode === 'invite' && byInvite ? 'open' : mode,
        automatic: settings.automatic,
        isAutomatic: false, // somebody scanned a code or pressed a button
        isRestoring: facts.switches.isRestoring,
        isTombstoned: facts.isTombstoned,
        shortages: shortagesOf(await this.#resources(), settings.shortages),
        spentBudgets: [], // an invite has a budget of its own, and without one nothing is made
      },
      settings,
    );
    if (verdict.kind === 'refuse') return verdict;
    return byInvite && token !== undefined ? { kind: 'create', byInvite, token } : { kind: 'create', byInvite: false };
  }

  /** Spends one use and keeps the address, both or neither. */
  async #keep({ email, password }: Credentials, token: string): Promise<'kept' | 'taken' | 'spent'> {
    const { store, settings, secrets, now } = this.#options;
    const bytes = Buffer.from(password);
    const stored = await this.#passwords.hash(bytes, AbortSignal.timeout(settings.passwords.deadlineMs));
    const proof = isMachineMade(bytes) ? prove(secrets.proofKey, { user: email, password: bytes, stored }) : null;
    return await store.write(async (db) => {
      const existing = await findAccount(db, email);
      if (existing !== undefined && !isLapsed(existing, this.#seconds())) return 'taken';
      if (!(await useInvite(db, token, this.#seconds()))) return 'spent';
      if (existing !== undefined) await db.deleteFrom('accounts').where('address', '=', email).execute();
      await insertAccount(db, {
        address: email,
        password: stored,
        proof: proof?.toString('base64url') ?? null,
        created_day: dayOf(now()),
        reserved_until: this.#seconds() + settings.reservationSeconds,
      });
      return 'kept';
    }, accountLock(email));
  }

  #modeFrom({ registration, isRestoring }: Switches): RegistrationMode {
    const mode = registration ?? this.#options.settings.registration;
    this.#mode = isRestoring ? 'closed' : mode;
    return mode;
  }

  #seconds(): number {
    return Math.floor(this.#options.now() / 1_000);
  }
}

const invalidInvite = {
  kind: 'refused',
  code: 'invite-invalid',
  reason: 'This invite is not valid: it was used up, has expired or was revoked. Ask for a new one.',
} as const;

/** The policy's own reasons are for people who log in. */
function reasonFor(code: RefusalCode): string {
  if (code === 'invite-needed') return inviteNeeded;
  if (code === 'closed') return 'This relay takes no new accounts.';
  if (code === 'restoring') {
    return 'This relay is being restored from a backup and takes no new accounts for now: try again later.';
  }
  return 'This relay has no room for new accounts at the moment: try again later.';
}

const inviteNeeded = 'This relay makes new accounts by invite only. Ask somebody for an invite.';
