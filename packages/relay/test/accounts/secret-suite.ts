import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { agreeOnSecret, replaceSecret } from '../../src/accounts/secret-agreement.ts';
import { deriveSecrets } from '../../src/accounts/secrets.ts';
import { buryAddresses, tombstoneOf } from '../../src/accounts/tombstones.ts';
import type { Store } from '../../src/store/store.ts';
import { login, testRelay, testSecrets } from './relay-fixture.ts';

const path = '/var/lib/postern/secret.key';

/** What becomes of accounts when the file with the secret is another one, on whichever database they are kept. */
export function describeSecret(database: string, open: () => Promise<Store>): void {
  describe(`a relay on ${database} whose secret was replaced`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(async () => {
      await store.close();
    });

    it('goes on with another secret only when told to', async () => {
      const other = deriveSecrets(Buffer.alloc(32, 'another one'));
      await agreeOnSecret(store, testSecrets, path);
      await agreeOnSecret(store, testSecrets, path);
      await expect(agreeOnSecret(store, other, path)).rejects.toThrow(/secret\.key: is not the secret that .*backup/);
      const { backend } = testRelay(store);
      const attempt = login('machine01@chat.example', 'k9TfzQ2WmhXb7RLcP4vGsD');
      await backend.verify(attempt);
      const deleted = tombstoneOf(testSecrets.tombstoneKey, 'deleted-1@chat.example');
      await store.write((db) => buryAddresses(db, [deleted], 4_000_000_000));
      await replaceSecret(store, other);
      await agreeOnSecret(store, other, path);
      await expect(agreeOnSecret(store, testSecrets, path)).rejects.toThrow(RangeError);
      const rows = await store.read((db) => db.selectFrom('accounts').select('proof').execute());
      expect(rows).toEqual([{ proof: null }]);
      expect(await store.read((db) => db.selectFrom('tombstones').selectAll().execute())).toEqual([]);
      const { backend: next } = testRelay(store, { secrets: other });
      expect(await next.verify(attempt)).toMatchObject({ kind: 'accepted' });
      await next.close();
      await backend.close();
    });
  });
}
