import { findAccount, isReservation } from '../accounts/records.ts';
import { type CleartextPreferences, refusesCleartext } from '../mail/cleartext-refusals.ts';
import type { SenderStandings } from '../mail/sender-standing.ts';
import type { Store } from '../store/store.ts';

/** What the filter has to know of a user, as it lies in the database at this moment. */
export class UserFacts implements CleartextPreferences, SenderStandings {
  readonly #openStore: () => Promise<Store>;
  #store: Promise<Store> | undefined;

  /** @param openStore is asked at the first use, and again as long as it fails. */
  constructor(openStore: () => Promise<Store>) {
    this.#openStore = openStore;
  }

  async refuses(address: string): Promise<boolean> {
    const store = await this.#opened();
    return await store.read((db) => refusesCleartext(db, address));
  }

  async standing(address: string): ReturnType<SenderStandings['standing']> {
    const store = await this.#opened();
    const row = await store.read((db) => findAccount(db, address));
    if (row === undefined || isReservation(row)) return { kind: 'gone' };
    return row.blocked_day === null ? { kind: 'good' } : { kind: 'blocked', reason: row.blocked_reason };
  }

  async close(): Promise<void> {
    const store = await this.#store?.catch(() => undefined);
    await store?.close();
  }

  #opened(): Promise<Store> {
    this.#store ??= this.#openStore().catch((cause: unknown) => {
      this.#store = undefined;
      throw cause;
    });
    return this.#store;
  }
}
