import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Administration } from '../../src/accounts/administration.ts';
import { Registration, type Reservation } from '../../src/accounts/registration.ts';
import type { AccountSettings } from '../../src/accounts/settings.ts';
import type { Store } from '../../src/store/store.ts';
import { collect, login, never, testRelay, testSecrets, testSettings } from './relay-fixture.ts';

const accepted = { kind: 'accepted' };
const refused = { kind: 'refused' };

/** Who gets an account, and who does not, on whichever database they are kept. */
export function describeRegistration(database: string, open: () => Promise<Store>): void {
  describe(`registration with ${database}`, () => {
    let store: Store;
    let administration: Administration;
    let now: number;
    let drawn = 0;
    const settings: AccountSettings = { ...testSettings, homeOf: (user) => `/nowhere/${user}` };

    beforeAll(async () => {
      store = await open();
      administration = new Administration({
        store,
        settings,
        secrets: testSecrets,
        now: () => now,
        random: randomBytes,
        endSessions: async () => {},
        settle: async () => {},
      });
    });
    beforeEach(async () => {
      now = Date.UTC(2026, 10, 22, 12);
      await administration.switchRegistration(undefined);
      await administration.switchRestoring(false);
    });
    afterAll(async () => {
      await administration.close();
    });

    const registration = (names?: readonly string[]): Registration => {
      const left = [...(names ?? [])];
      return new Registration({
        store,
        settings,
        secrets: testSecrets,
        now: () => now,
        newCredentials: () => {
          drawn += 1;
          const name = left.shift() ?? `drawn${String(drawn).padStart(4, '0')}`;
          return { email: `${name}@chat.example`, password: `k9TfzQ2WmhXb7RLcP4v${drawn}` };
        },
      });
    };
    const loginOf = (reservation: Reservation): ReturnType<typeof login> => {
      if (reservation.kind !== 'credentials') throw new Error(`refused: ${reservation.reason}`);
      return login(reservation.email, reservation.password);
    };
    const invite = async (maxUses: number, expiresAt: number | null = null): Promise<{ id: string; token: string }> =>
      await administration.createInvite({ maxUses, expiresAt, note: null });
    const relay = (): ReturnType<typeof testRelay> => {
      const made = testRelay(store, { settings });
      made.clock.now = now;
      return made;
    };

    it('is switched while the relay runs', async () => {
      const { backend } = relay();
      await administration.switchRegistration('closed');
      expect(await backend.verify(login('switch-01@chat.example', 'correct horse'))).toMatchObject(refused);
      expect(await administration.registration()).toEqual({ mode: 'closed', isSwitched: true, isRestoring: false });
      await administration.switchRegistration('open');
      expect(await backend.verify(login('switch-01@chat.example', 'correct horse'))).toMatchObject(accepted);
      await administration.switchRegistration('closed');
      expect(await backend.verify(login('switch-01@chat.example', 'correct horse'))).toMatchObject(accepted);
      await administration.switchRegistration(undefined);
      expect(await administration.registration()).toEqual({ mode: 'open', isSwitched: false, isRestoring: false });
    });

    it('is closed when the switch says something that this version does not know', async () => {
      await store.write((db) =>
        db.insertInto('switches').values({ name: 'registration', value: 'by-oracle' }).execute(),
      );
      expect(await administration.registration()).toMatchObject({ mode: 'closed' });
    });

    it('gives out names without an invite while it is open, and makes no account before the first login', async () => {
      const reservation = await registration().reserve();
      const attempt = loginOf(reservation);
      expect(await administration.find(attempt.user)).toBeUndefined();
      expect(await relay().backend.verify(attempt)).toMatchObject(accepted);
    });

    it('gives out no name that somebody has or had', async () => {
      await relay().backend.verify(login('has-it-01@chat.example', 'correct horse'));
      await relay().backend.verify(login('had-it-01@chat.example', 'correct horse'));
      await administration.remove('had-it-01@chat.example');
      const { token } = await invite(1);
      for (const given of [undefined, token]) {
        const reservation = await registration(['has-it-01', 'had-it-01']).reserve(given);
        expect(loginOf(reservation).user).toMatch(/^drawn/);
      }
    });

    it('says in words why there is no account', async () => {
      await administration.switchRegistration('closed');
      expect(await registration().reserve()).toEqual({
        ...refused,
        code: 'closed',
        reason: 'This relay takes no new accounts.',
      });
      await administration.switchRegistration('invite');
      expect(await registration().reserve()).toMatchObject({ reason: expect.stringMatching(/by invite only/) });
      expect(await registration().reserve('no-such-token')).toMatchObject({
        reason: expect.stringMatching(/not valid/),
      });
    });

    it('by invite keeps the address for whoever redeemed it, and refuses a login that nobody reserved', async () => {
      await administration.switchRegistration('invite');
      const { token } = await invite(1);
      const attempt = loginOf(await registration().reserve(token));
      const { backend } = relay();
      expect(await backend.lookup(attempt.user, never)).toBeUndefined(); // mail waits until somebody is there
      expect(await collect(backend.users(never))).not.toContain(attempt.user);
      expect(await backend.verify(login(attempt.user, 'wrong horse'))).toMatchObject(refused);
      expect(await backend.verify(attempt)).toMatchObject(accepted);
      expect(await backend.lookup(attempt.user, never)).toBeDefined();
      const stranger = login('stranger1@chat.example', 'correct horse');
      expect(await backend.verify(stranger)).toMatchObject({
        ...refused,
        reason: expect.stringMatching(/by invite only/),
      });
    });

    it('by invite makes as many accounts as the invite has uses, also when two come for the last one at once', async () => {
      await administration.switchRegistration('invite');
      const { id, token } = await invite(3);
      const reservations = await Promise.all(Array.from({ length: 8 }, () => registration().reserve(token)));
      expect(reservations.filter(({ kind }) => kind === 'credentials')).toHaveLength(3);
      expect(reservations.filter(({ kind }) => kind === 'refused')).toHaveLength(5);
      const [used] = (await administration.invites()).filter((each) => each.id === id);
      expect(used).toMatchObject({ uses: 3, max_uses: 3 });
    });

    it('by invite ends when the invite expires or is revoked', async () => {
      await administration.switchRegistration('invite');
      const seconds = now / 1_000;
      const [expiring, revoked] = [await invite(5, seconds + 60), await invite(5)];
      expect(await registration().reserve(expiring.token)).toMatchObject({ kind: 'credentials' });
      expect(await administration.revokeInvite(revoked.id)).toBe(true);
      expect(await administration.revokeInvite(revoked.id)).toBe(false);
      now += 60_000;
      for (const { token } of [expiring, revoked]) expect(await registration().reserve(token)).toMatchObject(refused);
    });

    it('keeps no token that could be read from the database', async () => {
      const { token } = await invite(1);
      const rows = await store.read((db) => db.selectFrom('invites').selectAll().execute());
      expect(JSON.stringify(rows)).not.toContain(token);
    });

    it('frees an address that was reserved and not used in time, for whoever reserves it next', async () => {
      await administration.switchRegistration('invite');
      const { token } = await invite(2);
      const first = loginOf(await registration(['reserved1']).reserve(token));
      now += settings.reservationSeconds * 1_000;
      const late = relay();
      expect(await late.backend.verify(first)).toMatchObject(refused);
      const second = loginOf(await registration(['reserved1']).reserve(token));
      expect(second.user).toBe(first.user);
      expect(await late.backend.verify(first)).toMatchObject(refused);
      expect(await late.backend.verify(second)).toMatchObject(accepted);
    });

    it('never gives a deleted address to a stranger, nor says that it was somebody’s, until its time is over', async () => {
      const attempt = login('deleted-1@chat.example', 'correct horse');
      await relay().backend.verify(attempt);
      expect(await administration.remove('Deleted-1@chat.example')).toBe(true);
      expect(await administration.remove('deleted-1@chat.example')).toBe(false);
      expect(await relay().backend.verify(attempt)).toEqual({ kind: 'refused' });
      expect(await relay().backend.lookup(attempt.user, never)).toBeUndefined();
      const tombstones = await store.read((db) => db.selectFrom('tombstones').selectAll().execute());
      expect(JSON.stringify(tombstones)).not.toContain('deleted-1');
      now += settings.tombstoneDays * 86_400_000;
      expect(await relay().backend.verify(attempt)).toMatchObject(accepted);
    });

    it('forgets a remembered password when the account is deleted', async () => {
      const { backend } = relay();
      const attempt = login('deleted-2@chat.example', 'correct horse');
      await backend.verify(attempt);
      await administration.remove(attempt.user);
      expect(await backend.verify(attempt)).toEqual({ kind: 'refused' });
    });

    it('makes nothing while a backup is put back', async () => {
      await administration.switchRestoring(true);
      const { backend } = relay();
      const attempt = login('restore-1@chat.example', 'correct horse');
      expect(await backend.verify(attempt)).toMatchObject({ ...refused, reason: expect.stringMatching(/restored/) });
      expect(await registration().reserve()).toMatchObject(refused);
      expect(await registration().reserve((await invite(1)).token)).toMatchObject(refused);
      await administration.switchRestoring(false);
      expect(await backend.verify(attempt)).toMatchObject(accepted);
    });

    it('has a budget per source, which does not concern who has an account', async () => {
      const budgets = { ...settings.budgets, perSource: { count: 2, windowSeconds: 60 } };
      const { backend, events, clock } = testRelay(store, { settings: { ...settings, budgets } });
      const attempt = (at: number, remoteAddress: string): ReturnType<typeof login> =>
        login(`budget-0${at}@chat.example`, 'correct horse', { remoteAddress });
      expect(await backend.verify(attempt(1, '192.0.2.1'))).toMatchObject(accepted);
      expect(await backend.verify(attempt(2, '192.0.2.2'))).toMatchObject(accepted);
      expect(await backend.verify(attempt(3, '192.0.2.3'))).toMatchObject(refused);
      expect(await backend.verify(attempt(1, '192.0.2.3'))).toMatchObject(accepted);
      expect(await backend.verify(attempt(4, '198.51.100.1'))).toMatchObject(accepted);
      clock.now += 60_000;
      expect(await backend.verify(attempt(3, '192.0.2.3'))).toMatchObject(accepted);
      expect(events.filter(({ kind }) => kind === 'login.refused')).toEqual([
        { kind: 'login.refused', code: 'source-budget' },
      ]);
    });

    it('is not overrun by many who come in the same moment', async () => {
      const budgets = { ...settings.budgets, relay: { count: 3, windowSeconds: 60 } };
      const { backend } = testRelay(store, { settings: { ...settings, budgets } });
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, at) => backend.verify(login(`overrun${at + 10}@chat.example`, 'correct horse'))),
      );
      expect(outcomes.filter(({ kind }) => kind === 'accepted')).toHaveLength(3);
    });

    it('treats sign-ups that a client makes by itself as the operator wants', async () => {
      const automatic = 'k9TfzQ2WmhXb7RLcP4vGsD1';
      const denying = testRelay(store, { settings: { ...settings, automatic: 'deny' } });
      const attempt = login('automat-1@chat.example', automatic);
      expect(await denying.backend.verify(attempt)).toMatchObject(refused);
      expect(await denying.backend.verify(login('automat-2@chat.example', 'correct horse'))).toMatchObject(accepted);
      const allowing = testRelay(store, { settings });
      expect(await allowing.backend.verify(attempt)).toMatchObject(accepted);
      expect(allowing.events).toEqual([{ kind: 'account.created', isAutomatic: true }]);
      expect(await denying.backend.verify(attempt)).toMatchObject(accepted);
      const budgets = { ...settings.budgets, automatic: { count: 1, windowSeconds: 60 } };
      const limiting = testRelay(store, { settings: { ...settings, automatic: 'limit', budgets } });
      expect(await limiting.backend.verify(login('automat-3@chat.example', automatic))).toMatchObject(accepted);
      expect(await limiting.backend.verify(login('automat-4@chat.example', automatic))).toMatchObject(refused);
      expect(await limiting.backend.verify(login('automat-4@chat.example', 'correct horse'))).toMatchObject(accepted);
    });
  });
}
