import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Administration } from '../../src/accounts/administration.ts';
import type { Store } from '../../src/store/store.ts';
import { collect, login, never, testRelay, testSecrets, testSettings } from './relay-fixture.ts';

const accepted = { kind: 'accepted' };
const silent = { isDryRun: false, onProgress: () => {} };
// openssl passwd -6 -salt b a
const hashOfA = '$6$b$gGrypGsRGH2Oyy7L7rke3Ap0GG5p/DwKrFOwpBXEy0ZV9TFmIGVMQjcmf4ZUJ2VERdPyNfcAl5Fo0lxKW.2Vx/';

/** What an operator does with accounts, on whichever database they are kept. */
export function describeAdministration(database: string, open: () => Promise<Store>): void {
  describe(`an operator of accounts in ${database}`, () => {
    let folder: string;
    let store: Store;
    let operator: Administration;
    /** Whose sessions were ended, and whether the mail was still there. */
    let ended: { user: string; hadMail: boolean }[];
    const now = Date.UTC(2026, 10, 22, 12);
    const today = now / 86_400_000 - 0.5;

    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'postern-operator-'));
      store = await open();
      await store.write(async (db) => {
        for (const table of ['accounts', 'tombstones', 'secrets', 'mail_usage'] as const)
          await db.deleteFrom(table).execute();
      });
      const settings = { ...testSettings, homeOf: (user: string) => join(folder, 'mail', user) };
      ended = [];
      operator = new Administration({
        store,
        settings,
        secrets: testSecrets,
        now: () => now,
        random: randomBytes,
        endSessions: async (user) => {
          ended.push({ user, hadMail: existsSync(settings.homeOf(user)) });
        },
      });
    });
    afterEach(async () => {
      await operator.close();
      rmSync(folder, { recursive: true });
    });

    const write = async (address: string, changes: object = {}): Promise<void> => {
      const row = { address: `${address}@chat.example`, password: '{LOCKED}', proof: null, created_day: today };
      await store.write((db) =>
        db
          .insertInto('accounts')
          .values({ reserved_until: null, ...row, ...changes })
          .execute(),
      );
    };
    const selected = async (filter: Parameters<typeof operator.select>[0]): Promise<string[]> =>
      (await collect(operator.select(filter))).map(({ address }) => address.slice(0, address.indexOf('@')));

    it('chooses by age, by when somebody was last here, by block and by name', async () => {
      await write('new-today');
      await write('old-never', { created_day: today - 400 });
      await write('old-imap', { created_day: today - 400, last_imap_day: today - 3 });
      await write('old-smtp', { created_day: today - 400, last_smtp_day: today - 3 });
      await write('blocked', { created_day: today - 10, blocked_day: today });
      expect(await selected({})).toEqual(['blocked', 'new-today', 'old-imap', 'old-never', 'old-smtp']);
      expect(await selected({ unseenDays: 90 })).toEqual(['old-never']);
      expect(await selected({ seenDays: 3 })).toEqual(['new-today', 'old-imap', 'old-smtp']);
      expect(await selected({ minAgeDays: 10 })).toEqual(['blocked', 'old-imap', 'old-never', 'old-smtp']);
      expect(await selected({ maxAgeDays: 10 })).toEqual(['blocked', 'new-today']);
      expect(await selected({ isBlocked: true })).toEqual(['blocked']);
      expect(await selected({ isBlocked: false, minAgeDays: 400, seenDays: 9 })).toEqual(['old-imap', 'old-smtp']);
      expect(await selected({ containing: 'SMTP' })).toEqual(['old-smtp']);
      expect(await selected({ containing: 'old_' })).toEqual([]); // an underscore is itself, not any letter
      expect(await selected({ containing: "'; drop table accounts; --" })).toEqual([]);
    });

    it('counts without reading them all', async () => {
      await write('one');
      await write('two', { blocked_day: today });
      await write('three', { reserved_until: 2_000_000_000 });
      expect(await operator.count({})).toEqual({ accounts: 2, blocked: 1, reserved: 1 });
      expect(await operator.count({ isBlocked: true })).toEqual({ accounts: 1, blocked: 1, reserved: 0 });
    });

    it('reads more of them than a page holds, in order', async () => {
      const names = Array.from({ length: 2_345 }, (_, at) => `user${String(at).padStart(5, '0')}`);
      writeFileSync(
        join(folder, 'many'),
        names
          .map((name) => JSON.stringify({ address: `${name}@chat.example`, password: '', created: '2026-01-01' }))
          .toReversed()
          .join('\n'),
      );
      const seen: number[] = [];
      const report = await operator.import(join(folder, 'many'), { ...silent, onProgress: (done) => seen.push(done) });
      expect(report).toEqual({ added: 2_345, same: 0, kept: 0, locked: 2_345, refused: [] });
      expect(seen).toEqual([500, 1_000, 1_500, 2_000, 2_345]);
      expect(await selected({})).toEqual(names);
    });

    it('deletes an account with its mail, or without', async () => {
      for (const name of ['with-mail', 'sans-mail']) {
        await write(name);
        mkdirSync(join(folder, 'mail', `${name}@chat.example`, 'Maildir'), { recursive: true });
      }
      expect(await operator.remove('with-mail@chat.example')).toBe(true);
      expect(await operator.remove('sans-mail@chat.example', { keepMail: true })).toBe(true);
      expect(existsSync(join(folder, 'mail/with-mail@chat.example'))).toBe(false);
      expect(existsSync(join(folder, 'mail/sans-mail@chat.example'))).toBe(true);
      expect(ended).toEqual(
        ['with-mail', 'sans-mail'].map((name) => ({ user: `${name}@chat.example`, hadMail: true })),
      );
    });

    it('keeps nothing of an account that is deleted, but that the address is taken', async () => {
      await write('forgotten');
      const address = 'forgotten@chat.example';
      const usage = { changed_at_ms: now, usage: '{}' };
      await store.write(async (db) => {
        await db.insertInto('cleartext_refusals').values({ address }).execute();
        await db.insertInto('device_tokens').values({ address, id: 'a', token: 'b', set_day: today }).execute();
        for (const key of [`from ${address}`, `to ${address}`, 'from someone-else@chat.example']) {
          await db
            .insertInto('mail_usage')
            .values({ key, ...usage })
            .execute();
        }
      });
      await operator.remove(address);
      const left = await store.read(async (db) => ({
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
      mkdirSync(join(folder, 'mail/x'), { recursive: true });
      const evil = '../mail/x';
      await store.write((db) =>
        db
          .insertInto('accounts')
          .values({ address: evil, password: '{LOCKED}', proof: null, created_day: 1, reserved_until: null })
          .execute(),
      );
      expect(await operator.remove(evil)).toBe(true);
      expect(existsSync(join(folder, 'mail/x'))).toBe(true);
    });

    it('blocks and unblocks', async () => {
      await write('somebody1');
      expect(await operator.block('Somebody1@chat.example', 'Spam')).toBe(true);
      expect(await operator.find('somebody1@chat.example')).toMatchObject({
        blocked: { since: '2026-11-22', reason: 'Spam' },
      });
      expect(ended).toEqual([{ user: 'somebody1@chat.example', hadMail: false }]);
      expect(await operator.unblock('somebody1@chat.example')).toBe(true);
      expect(await operator.find('somebody1@chat.example')).not.toHaveProperty('blocked');
      expect(await operator.block('nobody-01@chat.example', null)).toBe(false);
    });

    it('lets no login in that was accepted before a block or a deletion, and is claimed after it', async () => {
      const { backend } = testRelay(store);
      const claim = (name: string): Promise<boolean> | undefined => backend.stillHolds?.(`${name}@chat.example`, never);
      await write('accepted1');
      expect(await claim('accepted1')).toBe(true);
      await operator.block('accepted1@chat.example', null);
      expect(await claim('accepted1')).toBe(false);
      await operator.unblock('accepted1@chat.example');
      expect(await claim('accepted1')).toBe(true);
      await operator.remove('accepted1@chat.example');
      expect(await claim('accepted1')).toBe(false);
    });

    it('moves accounts to another relay by export and import', async () => {
      const attempt = login('moving-01@chat.example', 'correct horse');
      const { backend } = testRelay(store);
      await backend.verify(attempt);
      await backend.close();
      await operator.block('moving-01@chat.example', 'on the move');
      await write('reserved1', { reserved_until: 2_000_000_000 });
      const before = await operator.find(attempt.user);
      const exported = await collect(operator.export({}));
      expect(exported).toHaveLength(1);
      writeFileSync(join(folder, 'export'), exported.map((account) => `${JSON.stringify(account)}\n`).join(''));
      await store.write((db) => db.deleteFrom('accounts').execute());
      expect(await operator.import(join(folder, 'export'), silent)).toMatchObject({ added: 1, locked: 0, refused: [] });
      expect(await operator.find(attempt.user)).toEqual(before);
      await operator.unblock(attempt.user);
      expect(await backend.verify(attempt)).toMatchObject(accepted);
    });

    it('takes the mail folder of a chatmail relay, and leaves nobody’s address to strangers', async () => {
      const mail = join(folder, 'vmail');
      const account = (name: string, password?: string, at?: Date): void => {
        mkdirSync(join(mail, name), { recursive: true });
        if (password === undefined) return;
        writeFileSync(join(mail, name, 'password'), password);
        if (at !== undefined) utimesSync(join(mail, name, 'password'), at, at);
      };
      account('plain-001@chat.example', `{SHA512-CRYPT}${hashOfA}`, new Date('2026-11-01T00:00:00Z'));
      account('emptied-1@chat.example', '');
      account('edited-01@chat.example', `{SHA512-CRYPT}!${hashOfA}`);
      account('nobody-01@chat.example');
      account('elsewhere@other.example', `{SHA512-CRYPT}${hashOfA}`);
      account('.hidden');
      expect(await operator.import(mail, { ...silent, isDryRun: true })).toMatchObject({ added: 3, locked: 2 });
      expect(await operator.count({})).toMatchObject({ accounts: 0 });
      const report = await operator.import(mail, silent);
      expect(report).toEqual({
        added: 3,
        same: 0,
        kept: 0,
        locked: 2,
        refused: [{ where: 'elsewhere@other.example', why: 'not an address at chat.example' }],
      });
      expect(await operator.find('plain-001@chat.example')).toMatchObject({
        lastImap: '2026-11-01',
        created: '2026-11-01',
      });
      const { backend } = testRelay(store);
      expect(await backend.verify(login('plain-001@chat.example', 'a'))).toMatchObject(accepted);
      for (const name of ['emptied-1', 'edited-01']) {
        expect(await backend.verify(login(`${name}@chat.example`, 'correct horse'))).toEqual({ kind: 'refused' });
      }
      expect(await operator.import(mail, silent)).toMatchObject({ added: 0, same: 2, kept: 1 });
      expect(await backend.verify(login('plain-001@chat.example', 'a'))).toMatchObject(accepted);
    });

    it.each([
      [
        'with the day of the last login',
        'create table users (addr text primary key, password text, last_login integer)',
      ],
      ['of the oldest form', 'create table users (addr text primary key, password text)'],
    ])('takes the old database of a chatmail relay, %s', async (_, schema) => {
      const path = join(folder, 'passdb.sqlite');
      const old = new Database(path);
      old.exec(schema);
      old
        .prepare('insert into users (addr, password) values (?, ?)')
        .run('oldest-01@chat.example', `{SHA512-CRYPT}${hashOfA}`);
      if (schema.includes('last_login')) old.exec(`update users set last_login = ${Date.UTC(2026, 9, 5, 13) / 1_000}`);
      old.close();
      expect(await operator.import(path, silent)).toMatchObject({ added: 1, locked: 0, refused: [] });
      const created = schema.includes('last_login') ? '2026-10-05' : '2026-11-22';
      expect(await operator.find('oldest-01@chat.example')).toMatchObject({ created });
      expect(await testRelay(store).backend.verify(login('oldest-01@chat.example', 'a'))).toMatchObject(accepted);
    });

    it('is told line by line what could not be imported', async () => {
      writeFileSync(
        join(folder, 'bad'),
        [
          'not json',
          '',
          '[]',
          '{"address":"a@chat.example"}',
          '{"address":"b@chat.example","password":"","created":"tomorrow"}',
          '{"address":"C@chat.example","password":"","created":"2026-01-01"}',
          '{"address":"c@chat.example","password":"","created":"2026-01-01"}',
          '{"address":"../c@chat.example","password":"","created":"2026-01-01"}',
          '{"address":"d@chat.example","password":"{LOCKED}","created":"2026-01-01","blocked":{"since":"2026-02-02"}}',
        ].join('\n'),
      );
      const report = await operator.import(join(folder, 'bad'), silent);
      expect(report.added).toBe(2);
      expect(report.refused.map(({ where, why }) => `${where}: ${why}`)).toEqual([
        expect.stringMatching(/^line 1: Unexpected token/),
        'line 3: no address or no password',
        'line 4: no address or no password',
        'line 5: no date of creation',
        'c@chat.example: there twice',
        '../c@chat.example: not an address at chat.example',
      ]);
      expect(await operator.find('d@chat.example')).toMatchObject({ blocked: { since: '2026-02-02' } });
    });

    it('gives a deleted address back to its owner by importing it', async () => {
      await write('returning');
      const [account] = await collect(operator.export({}));
      await operator.remove('returning@chat.example');
      writeFileSync(join(folder, 'export'), JSON.stringify(account));
      expect(await operator.import(join(folder, 'export'), silent)).toMatchObject({ added: 1 });
      expect(await store.read((db) => db.selectFrom('tombstones').selectAll().execute())).toEqual([]);
    });
  });
}
