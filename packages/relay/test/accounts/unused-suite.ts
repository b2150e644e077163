import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removeUnused } from '../../src/accounts/unused.ts';
import type { Store } from '../../src/store/store.ts';
import { now, OperatorFixture, today } from './operator-fixture.ts';
import { login, never, testRelay, testSettings } from './relay-fixture.ts';

const addressOf = (name: string): string => `${name}@chat.example`;

/** What becomes of accounts that nobody uses, on whichever database they are kept. */
export function describeUnused(database: string, open: () => Promise<Store>): void {
  describe(`accounts that nobody uses, in ${database}`, () => {
    let at: OperatorFixture;
    beforeEach(async () => {
      at = await OperatorFixture.begin(open);
      await at.store.write((db) => db.deleteFrom('leftover_mail').execute());
    });
    afterEach(() => at.end());

    const remove = (isDryRun: boolean, connected: readonly string[] = []): ReturnType<typeof removeUnused> =>
      removeUnused(at.operator, {
        unusedDays: 90,
        isDryRun,
        signal: never,
        connectedUsers: async () => new Set(connected.map(addressOf)),
      });

    it('are removed, except those with a connection, which counts as use', async () => {
      await at.write('unused-01', { created_day: today - 90 });
      await at.write('used-by-1', { created_day: today - 400, last_imap_day: today - 89 });
      await at.write('sender-01', { created_day: today - 400, last_imap_day: today - 100, last_smtp_day: today - 89 });
      await at.write('connected', { created_day: today - 400, last_imap_day: today - 100 });
      await at.write('invited-1', { created_day: today - 400, reserved_until: 2_000_000_000 });
      expect(await remove(true, ['connected'])).toEqual({ removed: 1, failed: 0 });
      expect(await at.selected({ unseenDays: 90 })).toEqual(['connected', 'invited-1', 'unused-01']);
      expect(await remove(false, ['connected'])).toEqual({ removed: 1, failed: 0 });
      expect(await at.selected({})).toEqual(['connected', 'invited-1', 'sender-01', 'used-by-1']);
      expect(await remove(false)).toEqual({ removed: 0, failed: 0 });
    });

    it('leave their address to nobody', async () => {
      await at.write('unused-01', { created_day: today - 90 });
      await remove(false);
      const { backend } = testRelay(at.store);
      expect(await backend.verify(login(addressOf('unused-01'), 'correct horse'))).toEqual({ kind: 'refused' });
    });

    it('stay when somebody logs in just before, and let nobody in just after', async () => {
      const { backend, clock } = testRelay(at.store, { settings: { ...testSettings, unusedDays: 90 } });
      const names = ['returner1', 'too-late1'];
      for (const name of names) await backend.verify(login(addressOf(name), 'correct horse'));
      await backend.close();
      const unused = { created_day: today - 400, last_imap_day: today - 90 };
      await at.store.write((db) => db.updateTable('accounts').set(unused).execute());
      clock.now = now;
      expect(await backend.verify(login(addressOf('returner1'), 'correct horse'))).toMatchObject({ kind: 'accepted' });
      // Nothing of it waits in memory: a removal that comes right after the answer sees it.
      expect(await at.operator.remove(addressOf('returner1'), { unseenDays: 90 })).toBe(false);
      const [entry, removal] = await Promise.allSettled([
        backend.verify(login(addressOf('too-late1'), 'correct horse')),
        at.operator.remove(addressOf('too-late1'), { unseenDays: 90 }),
      ]);
      const isIn = entry.status === 'fulfilled' && entry.value.kind === 'accepted';
      expect(removal).toEqual({ status: 'fulfilled', value: !isIn });
    });
  });

  describe(`mail of accounts that are gone from ${database}`, () => {
    let at: OperatorFixture;
    beforeEach(async () => {
      at = await OperatorFixture.begin(open);
      await at.store.write((db) => db.deleteFrom('leftover_mail').execute());
    });
    afterEach(() => at.end());

    it('is removed also when it comes after all, or was left; then it is forgotten whose it was', async () => {
      const home = (name: string): string => join(at.folder, 'mail', addressOf(name));
      const names = ['late-mail', 'kept-mail', 'back-mail'];
      for (const name of names) await at.write(name);
      await at.operator.remove(addressOf('late-mail'));
      await at.operator.remove(addressOf('kept-mail'), { keepMail: true });
      await at.operator.remove(addressOf('back-mail'));
      for (const name of names) mkdirSync(join(home(name), 'Maildir/new'), { recursive: true });
      await at.write('back-mail');
      await at.operator.removeLeftovers();
      expect(names.map((name) => existsSync(home(name)))).toEqual([false, true, true]);
      const noted = (): Promise<unknown> =>
        at.store.read((db) => db.selectFrom('leftover_mail').select('address').execute());
      expect(await noted()).toEqual([{ address: addressOf('late-mail') }]);
      await at.operator.removeLeftovers();
      expect(await noted()).toEqual([]);
    });
  });
}
