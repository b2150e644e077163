import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AccountRow } from '../../src/accounts/records.ts';
import type { AccountSettings } from '../../src/accounts/settings.ts';
import type { Store } from '../../src/store/store.ts';
import { login, never, testRelay, testSettings } from './relay-fixture.ts';

const accepted = { kind: 'accepted' };
const machineMade = 'k9TfzQ2WmhXb7RLcP4vGsD';

/** Whoever needs a hash computed here gets a temporary failure. */
const withoutArgon2: AccountSettings = {
  ...testSettings,
  passwords: { ...testSettings.passwords, maxConcurrent: 0, maxQueued: 0 },
};

/** How passwords are checked, on whichever database they are kept. */
export function describePasswords(database: string, open: () => Promise<Store>): void {
  describe(`passwords in ${database}`, () => {
    let store: Store;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(async () => {
      await store.close();
    });

    const rowOf = async (address: string): Promise<AccountRow> =>
      await store.read((db) =>
        db.selectFrom('accounts').selectAll().where('address', '=', address).executeTakeFirstOrThrow(),
      );
    const change = async (address: string, changes: Partial<AccountRow>): Promise<void> => {
      await store.write((db) => db.updateTable('accounts').set(changes).where('address', '=', address).execute());
    };

    it('need Argon2 once, and are remembered for a day', async () => {
      const { backend, clock } = testRelay(store);
      const attempt = login('recall-01@chat.example', 'correct horse');
      await backend.verify(attempt);
      // Nobody runs Argon2 for whoever has left; what is remembered takes no time that they could leave in.
      const left = { ...attempt, signal: AbortSignal.abort() };
      clock.now += 86_399_999;
      expect(await backend.verify(left)).toMatchObject(accepted);
      clock.now += 1;
      await expect(backend.verify(left)).rejects.toThrow('nobody waits for this password check');
      expect(await backend.verify(attempt)).toMatchObject(accepted);
    });

    it('of people need Argon2 again after a restart', async () => {
      const attempt = login('people-01@chat.example', 'correct horse');
      await testRelay(store).backend.verify(attempt);
      expect((await rowOf(attempt.user)).proof).toBeNull();
      await expect(testRelay(store, { settings: withoutArgon2 }).backend.verify(attempt)).rejects.toThrow(
        'password checks',
      );
    });

    it('of machines need no Argon2 after a restart', async () => {
      const attempt = login('machine-1@chat.example', machineMade);
      await testRelay(store).backend.verify(attempt);
      const restarted = testRelay(store, { settings: withoutArgon2 }).backend;
      expect(await restarted.verify(attempt)).toMatchObject(accepted);
      const wrong = login('machine-1@chat.example', machineMade.toLowerCase());
      await expect(restarted.verify(wrong)).rejects.toThrow('password checks');
    });

    it('of machines make an account without Argon2, which they get after the answer', async () => {
      const attempt = login('machine-4@chat.example', machineMade);
      const crashed = testRelay(store, { settings: withoutArgon2 }).backend;
      expect(await crashed.verify(attempt)).toMatchObject(accepted);
      expect((await rowOf(attempt.user)).password).toMatch(/^\{SSHA256\}/);
      const wrong = login(attempt.user, machineMade.toLowerCase());
      await expect(crashed.verify(wrong)).rejects.toThrow('password checks'); // takes as long as ever
      const { backend, events } = testRelay(store);
      expect(await backend.verify(wrong)).toMatchObject({ kind: 'refused' });
      expect(await backend.verify(attempt)).toMatchObject(accepted);
      await expect.poll(async () => (await rowOf(attempt.user)).password).toMatch(/^\{ARGON2ID\}/);
      await backend.close();
      expect(await testRelay(store, { settings: withoutArgon2 }).backend.verify(attempt)).toMatchObject(accepted);
      expect(await testRelay(store).backend.verify(wrong)).toMatchObject({ kind: 'refused' });
      expect(events.map(({ kind }) => kind)).toEqual(['login.refused']);
    });

    it('that are being hashed anew stay changed when they were changed meanwhile', async () => {
      const attempt = login('machine-5@chat.example', machineMade);
      const { backend } = testRelay(store);
      await backend.verify(attempt);
      await change(attempt.user, { password: '{LOCKED}', proof: null });
      await backend.close();
      expect((await rowOf(attempt.user)).password).toBe('{LOCKED}');
    });

    it('of machines get no proof of a secret that was replaced while they were being hashed', async () => {
      const attempt = login('machine-6@chat.example', machineMade);
      const { backend } = testRelay(store);
      await backend.verify(attempt);
      await change(attempt.user, { proof: null });
      await backend.close();
      expect((await rowOf(attempt.user)).proof).toBeNull();
      const next = testRelay(store).backend;
      expect(await next.verify(attempt)).toMatchObject(accepted);
      await expect.poll(async () => (await rowOf(attempt.user)).password).toMatch(/^\{ARGON2ID\}/);
      await next.close();
      expect((await rowOf(attempt.user)).proof).not.toBeNull();
    });

    it('are proven for one account only', async () => {
      const [first, second] = [
        login('machine-2@chat.example', machineMade),
        login('machine-3@chat.example', 'another one'),
      ];
      await testRelay(store).backend.verify(first);
      await testRelay(store).backend.verify(second);
      await change(second.user, { proof: (await rowOf(first.user)).proof });
      const stolen = login(second.user, machineMade);
      await expect(testRelay(store, { settings: withoutArgon2 }).backend.verify(stolen)).rejects.toThrow(
        'password checks',
      );
    });

    it('of a chatmail relay are right, and are Argon2id from the next login on', async () => {
      const { backend } = testRelay(store);
      const attempt = login('chatmail1@chat.example', 'a');
      await backend.verify(login(attempt.user, 'correct horse'));
      // openssl passwd -6 -salt b a
      const crypt = '$6$b$gGrypGsRGH2Oyy7L7rke3Ap0GG5p/DwKrFOwpBXEy0ZV9TFmIGVMQjcmf4ZUJ2VERdPyNfcAl5Fo0lxKW.2Vx/';
      await change(attempt.user, { password: `{SHA512-CRYPT}${crypt}`, proof: null });
      expect(await backend.verify(login(attempt.user, 'b'))).toMatchObject({ kind: 'refused' });
      expect((await rowOf(attempt.user)).password).toContain('$6$');
      expect(await backend.verify(attempt)).toMatchObject(accepted);
      await expect.poll(async () => (await rowOf(attempt.user)).password).toMatch(/^\{ARGON2ID\}/);
      expect(await testRelay(store).backend.verify(attempt)).toMatchObject(accepted);
    });

    it('are hashed anew at the next login when the cost was changed', async () => {
      const attempt = login('rehash-01@chat.example', machineMade);
      await testRelay(store).backend.verify(attempt);
      await expect.poll(async () => (await rowOf(attempt.user)).password).toContain('$m=8,t=1,p=1$');
      const argon2 = { memoryKiB: 16, passes: 1, lanes: 1 };
      const settings = { ...testSettings, passwords: { ...testSettings.passwords, argon2 } };
      const dearer = testRelay(store, { settings });
      expect(await dearer.backend.verify(attempt)).toMatchObject(accepted);
      await expect.poll(async () => (await rowOf(attempt.user)).password).toContain('$m=16,t=1,p=1$');
      expect(await testRelay(store, { settings: withoutArgon2 }).backend.verify(attempt)).toMatchObject(accepted);
    });

    it('cost an address that does not exist a hash, too', async () => {
      const closed = { ...withoutArgon2, registration: 'closed' } as const;
      const { backend } = testRelay(store, { settings: closed });
      await expect(backend.verify(login('unknown-1@chat.example', 'correct horse'))).rejects.toThrow('password checks');
    });

    it('make a refusal that reads the same whether or not the address exists', async () => {
      await testRelay(store).backend.verify(login('existing1@chat.example', 'correct horse'));
      for (const registration of ['closed', 'invite'] as const) {
        const { backend } = testRelay(store, { settings: { ...testSettings, registration } });
        const [existing, unknown] = await Promise.all([
          backend.verify(login('existing1@chat.example', 'wrong horse')),
          backend.verify(login('unknown-2@chat.example', 'wrong horse')),
        ]);
        expect(existing).toEqual(unknown);
        expect(existing).toMatchObject({ kind: 'refused', reason: expect.stringMatching(/^No account fits/) });
      }
    });

    it('fail for now when too many wait, and then make no account', async () => {
      const attempt = login('queued-01@chat.example', 'correct horse');
      const full = testRelay(store, { settings: withoutArgon2 }).backend;
      await expect(full.verify(attempt)).rejects.toThrow('password checks are waiting');
      expect(await full.lookup(attempt.user, never)).toBeUndefined();
      expect(await testRelay(store).backend.verify(attempt)).toMatchObject(accepted);
      await expect(full.verify(attempt)).rejects.toThrow('password checks are waiting');
    });

    it('are checked once for a client whose IMAP and SMTP logins come together', async () => {
      const passwords = { ...testSettings.passwords, maxConcurrent: 1, maxQueued: 0 };
      const { backend, events } = testRelay(store, { settings: { ...testSettings, passwords } });
      const services = ['imap', 'smtp', 'imap', 'smtp'];
      const outcomes = await Promise.all(
        services.map((service) => backend.verify(login('together1@chat.example', 'correct horse', { service }))),
      );
      expect(outcomes.map(({ kind }) => kind)).toEqual(services.map(() => 'accepted'));
      expect(events).toEqual([{ kind: 'account.created', isAutomatic: false }]);
    });

    it('go on being checked for whoever still waits when another client left', async () => {
      const { backend } = testRelay(store);
      const leaving = new AbortController();
      const first = backend.verify(login('leaving-1@chat.example', 'correct horse', { signal: leaving.signal }));
      const second = backend.verify(login('leaving-1@chat.example', 'correct horse', { service: 'smtp' }));
      leaving.abort();
      expect(await second).toMatchObject(accepted);
      expect(await first).toMatchObject(accepted);
    });

    it('say that an account is blocked only to whoever knows the right one', async () => {
      const { backend, events } = testRelay(store);
      const attempt = login('blocked-1@chat.example', 'correct horse');
      await backend.verify(attempt);
      await change(attempt.user, { blocked_day: 1, blocked_reason: 'Spam' });
      expect(await backend.verify(attempt)).toEqual({ kind: 'disabled', reason: 'Spam' });
      expect(await backend.verify(login(attempt.user, 'wrong horse'))).toEqual({ kind: 'refused' });
      expect(await backend.lookup(attempt.user, never)).toBeDefined(); // mail goes on arriving
      expect(events.slice(1)).toEqual([
        { kind: 'login.refused', code: 'blocked' },
        { kind: 'login.refused', code: 'wrong-password' },
      ]);
      await change(attempt.user, { blocked_day: null, blocked_reason: null });
      expect(await backend.verify(attempt)).toMatchObject(accepted);
    });
  });
}
