import type { Store } from '../store/store.ts';

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
    const row = await store.read((db) =>
      db.selectFrom('cleartext_refusals').select('address').where('address', '=', key(address)).executeTakeFirst(),
    );
    return row !== undefined;
  }

  /** @throws StoreError */
  async set(address: string, refuses: boolean): Promise<void> {
    const store = await this.#opened();
    await store.write(
      async (db) => {
        await db.deleteFrom('cleartext_refusals').where('address', '=', key(address)).execute();
        if (refuses)
          await db
            .insertInto('cleartext_refusals')
            .values({ address: key(address) })
            .execute();
      },
      `cleartext refusal ${key(address)}`,
    );
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

function key(address: string): string {
  return address.toLowerCase();
}
