import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { collect, login, never, testRelay, testSettings } from './relay-fixture.ts';

const accepted = { kind: 'accepted' };

/** What a relay's accounts do, on whichever database they are kept. */
export function describeAccounts(database: string, open: () => Promise<Store>): void {
  describe(`accounts in ${database}`, () => {
    let store: Store;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(async () => {
      await store.close();
    });

    it('are made by their first login, and have the password of it', async () => {
      const { backend, events } = testRelay(store);
      const record = {
        user: 'firstlog1@chat.example',
        fields: { uid: '5000', gid: '5000', home: '/var/mail/firstlog1@chat.example' },
      };
      expect(await backend.verify(login('firstlog1@chat.example', 'correct horse'))).toEqual({
        kind: 'accepted',
        record,
      });
      expect(await backend.verify(login('firstlog1@chat.example', 'wrong horse 1'))).toEqual({ kind: 'refused' });
      expect(await backend.verify(login('firstlog1@chat.example', 'correct horse'))).toMatchObject(accepted);
      expect(await testRelay(store).backend.verify(login('firstlog1@chat.example', 'correct horse'))).toMatchObject(
        accepted,
      );
      expect(events).toEqual([
        { kind: 'account.created', isAutomatic: false },
        { kind: 'login.refused', code: 'wrong-password' },
      ]);
    });

    it('are one, however the name is capitalised', async () => {
      const { backend } = testRelay(store);
      await backend.verify(login('CapitalS1@Chat.Example', 'correct horse'));
      expect(await backend.lookup('capitals1@chat.example', never)).toMatchObject({ user: 'capitals1@chat.example' });
      expect(await backend.verify(login('capitals1@chat.example', 'another horse'))).toEqual({ kind: 'refused' });
    });

    it('are never made by a lookup or a listing', async () => {
      const { backend } = testRelay(store);
      expect(await backend.lookup('nobody-01@chat.example', never)).toBeUndefined();
      expect(await collect(backend.users(never))).not.toContain('nobody-01@chat.example');
      expect(await backend.lookup('nobody-01@chat.example', never)).toBeUndefined();
    });

    it('keep passwords byte for byte', async () => {
      const { backend } = testRelay(store);
      const passwords = [
        `quote"'back\\slash`,
        'tab\tand\x01control',
        'pässwörd-ключ-🔑',
        'x'.repeat(1_024),
        Buffer.from('70e473737764313233', 'hex'), // latin-1, no UTF-8
        'nul\0and more',
      ];
      for (const [at, password] of passwords.entries()) {
        const user = `bytes-00${at}@chat.example`;
        expect(await backend.verify(login(user, password))).toMatchObject(accepted);
        for (const [other, wrong] of passwords.entries()) {
          const expected = other === at ? accepted : { kind: 'refused' };
          expect(await testRelay(store).backend.verify(login(user, wrong))).toMatchObject(expected);
        }
      }
    });

    it('are not mistaken for one another by bytes that are no UTF-8', async () => {
      const { backend } = testRelay(store);
      await backend.verify(login('latin-001@chat.example', Buffer.from('passw\xf6rd12', 'latin1')));
      const other = login('latin-001@chat.example', Buffer.from('passw\xfcrd12', 'latin1'));
      expect(await backend.verify(other)).toEqual({ kind: 'refused' });
    });

    it('are one with one winner when two hundred want the same address at once, from three processes', async () => {
      const relays = [testRelay(store), testRelay(store), testRelay(store)];
      const attempts = Array.from({ length: 200 }, (_, at) => `password of number ${at}`);
      const outcomes = await Promise.all(
        attempts.map((password, at) => relays[at % 3]?.backend.verify(login('wanted-01@chat.example', password))),
      );
      const winners = attempts.filter((_, at) => outcomes[at]?.kind === 'accepted');
      expect(winners).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome?.kind === 'refused')).toHaveLength(199);
      expect(relays.flatMap(({ events }) => events.filter(({ kind }) => kind === 'account.created'))).toHaveLength(1);
      const [winner = ''] = winners;
      expect(await testRelay(store).backend.verify(login('wanted-01@chat.example', winner))).toMatchObject(accepted);
    });

    it('remember the day on which somebody was there, by IMAP and by SMTP', async () => {
      const relay = testRelay(store);
      await relay.backend.verify(login('seen-0001@chat.example', 'correct horse'));
      relay.clock.now += 86_400_000;
      await relay.backend.verify(login('seen-0001@chat.example', 'correct horse', { service: 'smtp' }));
      await relay.backend.close();
      const row = await store.read((db) =>
        db.selectFrom('accounts').selectAll().where('address', '=', 'seen-0001@chat.example').executeTakeFirst(),
      );
      const day = Date.UTC(2026, 10, 22) / 86_400_000;
      expect(row).toMatchObject({ created_day: day, last_imap_day: day, last_smtp_day: day + 1 });
    });

    it('are not made where the relay has no room, and the next moment they are', async () => {
      const resources = { load1m: 0, freeMemoryBytes: 0, freeDiskBytes: 0 };
      const settings = { ...testSettings, shortages: { ...testSettings.shortages, minFreeDiskBytes: 1 } };
      const full = testRelay(store, { settings, resources: async () => resources });
      const roomy = testRelay(store, { settings, resources: async () => ({ ...resources, freeDiskBytes: 1 }) });
      const attempt = login('room-0001@chat.example', 'correct horse');
      expect(await full.backend.verify(attempt)).toMatchObject({
        kind: 'refused',
        reason: expect.stringMatching(/no room/),
      });
      expect(await roomy.backend.verify(attempt)).toMatchObject(accepted);
      expect(await full.backend.verify(attempt)).toMatchObject(accepted); // who has an account is not concerned
    });
  });
}
