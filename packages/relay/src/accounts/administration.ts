import { rm } from 'node:fs/promises';
import type { Store } from '../store/store.ts';
import { type AccountCounts, type AccountFilter, countAccounts, matching, selectAccounts } from './account-filter.ts';
import { normalizeUser } from './address.ts';
import { accountLock } from './creation.ts';
import { type AccountView, type PortableAccount, toPortable, toView } from './exchange.ts';
import { findAccounts } from './import-sources.ts';
import { importAccounts, type ImportReport } from './import.ts';
import { insertInvite, type InviteRow, listInvites, type NewInvite, revokeInvite } from './invites.ts';
import { noteLeftover, removeLeftovers } from './leftover-mail.ts';
import { isOurs, type RegistrationMode } from './policy.ts';
import { type AccountRow, dayOf, findAccount, isReservation } from './records.ts';
import type { AccountSecrets } from './secrets.ts';
import type { AccountSettings } from './settings.ts';
import { readSwitches, switchRegistration, switchRestoring } from './switches.ts';
import { buryAddresses, clearTombstones, tombstoneOf } from './tombstones.ts';

export interface AdministrationOptions {
  readonly store: Store;
  readonly settings: AccountSettings;
  readonly secrets: AccountSecrets;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly random: (size: number) => Uint8Array;
  /** Ends what somebody has open at the mail servers, after the store has changed: nobody can come back in. */
  readonly endSessions: (user: string) => Promise<void>;
  /** Waits until whoever was being let in, or was getting mail, when the store changed can be seen. */
  readonly settle: () => Promise<void>;
}

export interface RemovalOptions {
  readonly keepMail?: boolean;
  readonly unseenDays?: number;
}

export interface RegistrationStatus {
  readonly mode: RegistrationMode;
  /** Whether an operator switched it; otherwise it is as the configuration says. */
  readonly isSwitched: boolean;
  readonly isRestoring: boolean;
}

/** What an operator does with accounts, beside a relay that runs. */
export class Administration {
  readonly #options: AdministrationOptions;
  /** Who was put out, and whether their mail goes too. */
  readonly #putOut = new Map<string, { readonly hasMailRemoved: boolean }>();

  constructor(options: AdministrationOptions) {
    this.#options = options;
  }

  async close(): Promise<void> {
    await this.#options.store.close();
  }

  /** In the order of their addresses. */
  async *select(filter: AccountFilter): AsyncGenerator<AccountView> {
    for await (const row of this.#rows(filter)) yield toView(row);
  }

  /** With passwords, as `import` takes them; reservations are left out. */
  async *export(filter: AccountFilter): AsyncGenerator<PortableAccount> {
    for await (const row of this.#rows(filter)) {
      if (!isReservation(row)) yield toPortable(row);
    }
  }

  async count(filter: AccountFilter): Promise<AccountCounts> {
    return await this.#options.store.read((db) => countAccounts(db, filter, this.#today()));
  }

  async find(address: string): Promise<AccountView | undefined> {
    const row = await this.#options.store.read((db) => findAccount(db, normalizeUser(address)));
    return row && toView(row);
  }

  /**
   * Keeps somebody out, and ends what they have open.
   *
   * @param reason for the person, at the next login or message.
   * @returns whether there is such an account.
   */
  async block(address: string, reason: string | null): Promise<boolean> {
    const isKnown = await this.#update(address, { blocked_day: this.#today(), blocked_reason: reason });
    if (isKnown) await this.#putOutNow(normalizeUser(address), { hasMailRemoved: false });
    return isKnown;
  }

  async unblock(address: string): Promise<boolean> {
    return await this.#update(address, { blocked_day: null, blocked_reason: null });
  }

  /**
   * Removes an account with all that is kept of it, ends what it has open, and removes its mail; the address stays
   * taken for `tombstoneDays`.
   *
   * @param options.unseenDays only if nobody has logged in for so long, at the very moment of the removal.
   * @returns whether there was such an account.
   */
  async remove(address: string, options: RemovalOptions = {}): Promise<boolean> {
    const { store, settings, secrets, now } = this.#options;
    const user = normalizeUser(address);
    // Whatever the database holds, only a folder with a name of ours is ever removed.
    const removesMail = options.keepMail !== true && isOurs(user, settings);
    const expiresAt = Math.floor(now() / 1_000) + settings.tombstoneDays * 86_400;
    const isRemoved = await store.write(async (db) => {
      const { unseenDays } = options;
      const unseen = unseenDays === undefined ? {} : { unseenDays };
      const account = db.deleteFrom('accounts').where('address', '=', user).where(matching(unseen, this.#today()));
      if ((await account.executeTakeFirst()).numDeletedRows === 0n) return false;
      if (removesMail) await noteLeftover(db, user);
      await db
        .deleteFrom('mail_usage')
        .where('key', 'in', [`from ${user}`, `to ${user}`])
        .execute();
      await buryAddresses(db, [tombstoneOf(secrets.tombstoneKey, user)], expiresAt);
      await clearTombstones(db, Math.floor(now() / 1_000));
      return true;
    }, accountLock(user));
    if (!isRemoved) return false;
    await this.#putOutNow(user, { hasMailRemoved: removesMail });
    return true;
  }

  /**
   * Puts out once more whom `block` and `remove` put out before. A mail process that was told who logged in, or for whom
   * mail is, just before the store changed, was not to be seen at first: Dovecot counts a session only when the mailbox is
   * open. Call it once, after the last of them.
   */
  async endLatecomers(): Promise<void> {
    if (this.#putOut.size === 0) return;
    await this.#options.settle();
    for (const [user, options] of this.#putOut) await this.#putOutNow(user, options);
    this.#putOut.clear();
  }

  /** Removes mail of removed accounts that came after all, or was left when the removal was interrupted. */
  async removeLeftovers(): Promise<void> {
    await removeLeftovers(this.#options.store, this.#options.settings);
  }

  /** Somebody is here although their last login was long ago. */
  async noteSeen(address: string): Promise<void> {
    const user = normalizeUser(address);
    await this.#options.store.write(async (db) => {
      await db.updateTable('accounts').set({ last_imap_day: this.#today() }).where('address', '=', user).execute();
    });
  }

  /** @param path see `findAccounts`. */
  async import(
    path: string,
    options: { readonly isDryRun: boolean; readonly onProgress: (done: number) => void },
  ): Promise<ImportReport> {
    const { store, settings, secrets } = this.#options;
    const { tombstoneKey } = secrets;
    return await importAccounts(findAccounts(path, this.#today()), {
      store,
      rules: settings,
      tombstoneKey,
      ...options,
    });
  }

  async registration(): Promise<RegistrationStatus> {
    const { registration, isRestoring } = await this.#options.store.read(readSwitches);
    return {
      mode: registration ?? this.#options.settings.registration,
      isSwitched: registration !== undefined,
      isRestoring,
    };
  }

  /** @param mode undefined: as the configuration says. */
  async switchRegistration(mode: RegistrationMode | undefined): Promise<void> {
    await this.#options.store.write((db) => switchRegistration(db, mode));
  }

  async switchRestoring(isRestoring: boolean): Promise<void> {
    await this.#options.store.write((db) => switchRestoring(db, isRestoring));
  }

  async createInvite(invite: NewInvite): Promise<{ readonly id: string; readonly token: string }> {
    const { store, random, now } = this.#options;
    const seconds = Math.floor(now() / 1_000);
    return await store.write(async (db) => {
      // A good moment to forget addresses that earlier invites kept and nobody came for.
      await db.deleteFrom('accounts').where('reserved_until', '<=', seconds).execute();
      return await insertInvite(db, invite, { random, seconds });
    });
  }

  async invites(): Promise<readonly InviteRow[]> {
    return await this.#options.store.read(listInvites);
  }

  /** @returns whether there was one to revoke. */
  async revokeInvite(id: string): Promise<boolean> {
    return await this.#options.store.write((db) => revokeInvite(db, id, Math.floor(this.#options.now() / 1_000)));
  }

  async #putOutNow(user: string, options: { readonly hasMailRemoved: boolean }): Promise<void> {
    const { settings, endSessions } = this.#options;
    this.#putOut.set(user, options);
    try {
      await endSessions(user); // first, because an open one would make the mailbox again
    } finally {
      // Whatever the database holds, only a folder with a name of ours is ever removed.
      if (options.hasMailRemoved && isOurs(user, settings)) {
        await rm(settings.homeOf(user), { recursive: true, force: true });
      }
    }
  }

  #today(): number {
    return dayOf(this.#options.now());
  }

  #rows(filter: AccountFilter): AsyncGenerator<AccountRow> {
    return selectAccounts((work) => this.#options.store.read(work), filter, this.#today());
  }

  async #update(
    address: string,
    change: { readonly blocked_day: number | null; readonly blocked_reason: string | null },
  ): Promise<boolean> {
    const user = normalizeUser(address);
    return await this.#options.store.write(async (db) => {
      const result = await db.updateTable('accounts').set(change).where('address', '=', user).executeTakeFirst();
      return result.numUpdatedRows > 0n;
    }, accountLock(user));
  }
}
