import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { now, OperatorFixture, today } from './operator-fixture.ts';
import { never, testRelay } from './relay-fixture.ts';

/** What becomes of somebody whom an operator blocks or deletes. */
export function describePuttingOut(database: string, open: () => Promise<Store>): void {
  describe(`an operator who puts somebody out, with accounts in ${database}`, () => {
    let at: OperatorFixture;
    beforeEach(async () => {
      at = await OperatorFixture.begin(open);
    });
    afterEach(() => at.end());

    it('deletes an account with its mail, or without', async () => {
      for (const name of ['with-mail', 'sans-mail']) {
        await at.write(name);
        mkdirSync(join(at.folder, 'mail', `${name}@chat.example`, 'Maildir'), { recursive: true });
      }
      expect(await at.operator.remove('with-mail@chat.example')).toBe(true);
      expect(await at.operator.remove('sans-mail@chat.example', { keepMail: true })).toBe(true);
      expect(existsSync(join(at.folder, 'mail/with-mail@chat.example'))).toBe(false);
      expect(existsSync(join(at.folder, 'mail/sans-mail@chat.example'))).toBe(true);
      expect(at.ended).toEqual(
        ['with-mail', 'sans-mail'].map((name) => ({ user: `${name}@chat.example`, hadMail: true })),
      );
    });

    it('keeps nothing of an account that is deleted, but that the address is taken', async () => {
      await at.write('forgotten');
      const address = 'forgotten@chat.example';
      const usage = { changed_at_ms: now, usage: '{}' };
      await at.store.write(async (db) => {
        await db.insertInto('cleartext_refusals').values({ address }).execute();
        await db.insertInto('device_tokens').values({ address, id: 'a', token: 'b', set_day: today }).execute();
        for (const key of [`from ${address}`, `to ${address}`, 'from someone-else@chat.example']) {
          await db
            .insertInto('mail_usage')
            .values({ key, ...usage })
            .execute();
        }
      });
      await at.operator.remove(address);
      const left = await at.store.read(async (db) => ({
        accounts: await db.selectFrom('accounts').selectAll().execute(),
        refusals: await db.selectFrom('cleartext_refusals').selectAll().execute(),
        tokens: await db.selectFrom('device_tokens').selectAll().execute(),
        usage: await db.selectFrom('mail_usage').select('key').execute(),
      }));
      expect(left).toEqual({
        accounts: [],
        refusals: [],
        tokens: [],
        usage: [{ key: 'from someone-else@chat.example' }],
      });
    });

    it('deletes no folder for a name that is not one of ours, whatever the database holds', async () => {
      mkdirSync(join(at.folder, 'mail/x'), { recursive: true });
      const evil = '../mail/x';
      await at.store.write((db) =>
        db
          .insertInto('accounts')
          .values({ address: evil, password: '{LOCKED}', proof: null, created_day: 1, reserved_until: null })
          .execute(),
      );
      expect(await at.operator.remove(evil)).toBe(true);
      expect(existsSync(join(at.folder, 'mail/x'))).toBe(true);
    });

    it('blocks and unblocks', async () => {
      await at.write('somebody1');
      expect(await at.operator.block('Somebody1@chat.example', 'Spam')).toBe(true);
      expect(await at.operator.find('somebody1@chat.example')).toMatchObject({
        blocked: { since: '2026-11-22', reason: 'Spam' },
      });
      expect(at.ended).toEqual([{ user: 'somebody1@chat.example', hadMail: false }]);
      expect(await at.operator.unblock('somebody1@chat.example')).toBe(true);
      expect(await at.operator.find('somebody1@chat.example')).not.toHaveProperty('blocked');
      expect(await at.operator.block('nobody-01@chat.example', null)).toBe(false);
    });

    it('lets no login in that was accepted before a block or a deletion, and is claimed after it', async () => {
      const { backend } = testRelay(at.store);
      const claim = (name: string): Promise<boolean> | undefined => backend.stillHolds?.(`${name}@chat.example`, never);
      await at.write('accepted1');
      expect(await claim('accepted1')).toBe(true);
      await at.operator.block('accepted1@chat.example', null);
      expect(await claim('accepted1')).toBe(false);
      await at.operator.unblock('accepted1@chat.example');
      expect(await claim('accepted1')).toBe(true);
      await at.operator.remove('accepted1@chat.example');
      expect(await claim('accepted1')).toBe(false);
    });

    it('puts out once more who was let in, or got mail, in that very moment', async () => {
      for (const name of ['blocked-1', 'deleted-1', 'keeping-1']) await at.write(name);
      const home = (name: string): string => join(at.folder, 'mail', `${name}@chat.example`);
      await at.operator.block('blocked-1@chat.example', null);
      await at.operator.remove('deleted-1@chat.example');
      await at.operator.remove('keeping-1@chat.example', { keepMail: true });
      at.ended.length = 0;
      at.meanwhile = () => {
        for (const name of ['blocked-1', 'deleted-1', 'keeping-1']) mkdirSync(home(name), { recursive: true });
      };
      await at.operator.endLatecomers();
      expect(at.ended.map(({ user }) => user.slice(0, 9))).toEqual(['blocked-1', 'deleted-1', 'keeping-1']);
      expect(['blocked-1', 'deleted-1', 'keeping-1'].map((name) => existsSync(home(name)))).toEqual([
        true,
        false,
        true,
      ]);
      await at.operator.endLatecomers();
      expect(at.ended).toHaveLength(3);
    });
  });
}
