import type { Kysely } from 'kysely';
import type { Store } from '../store/store.ts';
import type { Tables } from '../store/tables.ts';

/** Which users take no mail from other servers unless it is encrypted. */
export interface CleartextPreferences {
  /** @throws StoreError when nobody knows. */
  refuses(address: string): Promise<boolean>;
}

/** The preferences as they lie in the database. */
export class CleartextRefusals implements CleartextPreferences {
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

export async function refusesCleartext(db: Kysely<Tables>, address: string): Promise<boolean> {
  const row = await db
    .selectFrom('cleartext_refusals')
    .select('address')
    .where('address', '=', address.toLowerCase())
    .executeTakeFirst();
  return row !== undefined;
}

/** What a user wants for their own address; it is in force for the next message. */
export async function setCleartextRefusal(db: Kysely<Tables>, address: string, refuses: boolean): Promise<void> {
  const key = { address: address.toLowerCase() };
  if (refuses) {
    await db
      .insertInto('cleartext_refusals')
      .values(key)
      .onConflict((conflict) => conflict.column('address').doNothing())
      .execute();
  } else {
    await db.deleteFrom('cleartext_refusals').where('address', '=', key.address).execute();
  }
}
