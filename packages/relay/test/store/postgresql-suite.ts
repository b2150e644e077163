import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { migrations } from '../../src/store/migrations/index.ts';
import { openStore, type StoreLocation } from '../../src/store/store.ts';
import { login, testRelay } from '../accounts/relay-fixture.ts';

/** What is different on PostgreSQL. @param locate makes a new, empty database. */
export function describePostgresql(locate: () => Promise<StoreLocation>): void {
  describe('a PostgreSQL store', () => {
    it('is made once when many hosts start at the same time', async () => {
      const location = await locate();
      const stores = await Promise.all(Array.from({ length: 8 }, () => openStore(location)));
      expect(await stores[0]?.read((db) => db.selectFrom('accounts').selectAll().execute())).toEqual([]);
      await Promise.all(stores.map((store) => store.close()));
    });

    it('refuses a schema from a newer version', async () => {
      const location = await locate();
      const future = { name: '2031-teleportation', up: async () => {} };
      await (await openStore(location, { migrations: [...migrations, future] })).close();
      await expect(openStore(location)).rejects.toMatchObject({ code: 'newer-schema' });
    });

    it('fails for now while another host holds an address, and works again after', async () => {
      const location = await locate();
      const [store, other] = [await openStore(location), await openStore(location)];
      let release: () => void = () => {};
      let onHeld: () => void = () => {};
      const isReleased = new Promise<void>((resolve) => {
        release = resolve;
      });
      const isHeld = new Promise<void>((resolve) => {
        onHeld = resolve;
      });
      const holding = other.write(async (db) => {
        await sql`set local idle_in_transaction_session_timeout = 0`.execute(db);
        onHeld();
        await isReleased;
      }, 'account held-0001@chat.example');
      await isHeld;
      const { backend } = testRelay(store);
      const attempt = login('held-0001@chat.example', 'correct horse');
      await expect(backend.verify(attempt)).rejects.toMatchObject({ name: 'StoreError' });
      expect(await backend.verify(login('other-001@chat.example', 'correct horse'))).toMatchObject({
        kind: 'accepted',
      });
      release();
      await holding;
      expect(await backend.verify(attempt)).toMatchObject({ kind: 'accepted' });
      await Promise.all([store.close(), other.close()]);
    }, 30_000);

    it('outlives a host that stops in the middle of a write: its transaction ends by itself', async () => {
      const location = await locate();
      const [store, other] = [await openStore(location), await openStore(location)];
      const hanging = other.write(async () => await new Promise<never>(() => {}), 'account held-0002@chat.example');
      hanging.catch(() => {});
      const { backend } = testRelay(store);
      const attempt = login('held-0002@chat.example', 'correct horse');
      await backend.verify(attempt).catch(() => {}); // while the lock is held, perhaps
      expect(await backend.verify(attempt)).toMatchObject({ kind: 'accepted' });
      await store.close();
    }, 30_000);
  });
}
