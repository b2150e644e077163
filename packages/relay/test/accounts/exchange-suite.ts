import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { OperatorFixture } from './operator-fixture.ts';
import { collect, login, testRelay } from './relay-fixture.ts';

const accepted = { kind: 'accepted' };
const silent = { isDryRun: false, onProgress: () => {} };
// openssl passwd -6 -salt b a
const hashOfA = '$6$b$gGrypGsRGH2Oyy7L7rke3Ap0GG5p/DwKrFOwpBXEy0ZV9TFmIGVMQjcmf4ZUJ2VERdPyNfcAl5Fo0lxKW.2Vx/';

/** How accounts move from and to other relays. */
export function describeExchange(database: string, open: () => Promise<Store>): void {
  describe(`an operator who exports and imports accounts in ${database}`, () => {
    let at: OperatorFixture;
    beforeEach(async () => {
      at = await OperatorFixture.begin(open);
    });
    afterEach(() => at.end());

    it('moves accounts to another relay by export and import', async () => {
      const attempt = login('moving-01@chat.example', 'correct horse');
      const { backend } = testRelay(at.store);
      await backend.verify(attempt);
      await backend.close();
      await at.operator.block('moving-01@chat.example', 'on the move');
      await at.write('reserved1', { reserved_until: 2_000_000_000 });
      const before = await at.operator.find(attempt.user);
      const exported = await collect(at.operator.export({}));
      expect(exported).toHaveLength(1);
      writeFileSync(join(at.folder, 'export'), exported.map((account) => `${JSON.stringify(account)}\n`).join(''));
      await at.store.write((db) => db.deleteFrom('accounts').execute());
      expect(await at.operator.import(join(at.folder, 'export'), silent)).toMatchObject({
        added: 1,
        locked: 0,
        refused: [],
      });
      expect(await at.operator.find(attempt.user)).toEqual(before);
      await at.operator.unblock(attempt.user);
      expect(await backend.verify(attempt)).toMatchObject(accepted);
    });

    it('takes the mail folder of a chatmail relay, and leaves nobody’s address to strangers', async () => {
      const mail = join(at.folder, 'vmail');
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
      expect(await at.operator.import(mail, { ...silent, isDryRun: true })).toMatchObject({ added: 3, locked: 2 });
      expect(await at.operator.count({})).toMatchObject({ accounts: 0 });
      const report = await at.operator.import(mail, silent);
      expect(report).toEqual({
        added: 3,
        same: 0,
        kept: 0,
        locked: 2,
        refused: [{ where: 'elsewhere@other.example', why: 'not an address at chat.example' }],
      });
      expect(await at.operator.find('plain-001@chat.example')).toMatchObject({
        lastImap: '2026-11-01',
        created: '2026-11-01',
      });
      const { backend } = testRelay(at.store);
      expect(await backend.verify(login('plain-001@chat.example', 'a'))).toMatchObject(accepted);
      for (const name of ['emptied-1', 'edited-01']) {
        expect(await backend.verify(login(`${name}@chat.example`, 'correct horse'))).toEqual({ kind: 'refused' });
      }
      // Whoever was there has a newer hash soon after.
      await expect.poll(() => at.operator.import(mail, silent)).toMatchObject({ added: 0, same: 2, kept: 1 });
      expect(await backend.verify(login('plain-001@chat.example', 'a'))).toMatchObject(accepted);
    });

    it.each([
      [
        'with the day of the last login',
        'create table users (addr text primary key, password text, last_login integer)',
      ],
      ['of the oldest form', 'create table users (addr text primary key, password text)'],
    ])('takes the old database of a chatmail relay, %s', async (_, schema) => {
      const path = join(at.folder, 'passdb.sqlite');
      const old = new Database(path);
      old.exec(schema);
      old
        .prepare('insert into users (addr, password) values (?, ?)')
        .run('oldest-01@chat.example', `{SHA512-CRYPT}${hashOfA}`);
      if (schema.includes('last_login')) old.exec(`update users set last_login = ${Date.UTC(2026, 9, 5, 13) / 1_000}`);
      old.close();
      expect(await at.operator.import(path, silent)).toMatchObject({ added: 1, locked: 0, refused: [] });
      const created = schema.includes('last_login') ? '2026-10-05' : '2026-11-22';
      expect(await at.operator.find('oldest-01@chat.example')).toMatchObject({ created });
      expect(await testRelay(at.store).backend.verify(login('oldest-01@chat.example', 'a'))).toMatchObject(accepted);
    });

    it('is told line by line what could not be imported', async () => {
      writeFileSync(
        join(at.folder, 'bad'),
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
      const report = await at.operator.import(join(at.folder, 'bad'), silent);
      expect(report.added).toBe(2);
      expect(report.refused.map(({ where, why }) => `${where}: ${why}`)).toEqual([
        expect.stringMatching(/^line 1: Unexpected token/),
        'line 3: no address or no password',
        'line 4: no address or no password',
        'line 5: no date of creation',
        'c@chat.example: there twice',
        '../c@chat.example: not an address at chat.example',
      ]);
      expect(await at.operator.find('d@chat.example')).toMatchObject({ blocked: { since: '2026-02-02' } });
    });

    it('gives a deleted address back to its owner by importing it', async () => {
      await at.write('returning');
      const [account] = await collect(at.operator.export({}));
      await at.operator.remove('returning@chat.example');
      writeFileSync(join(at.folder, 'export'), JSON.stringify(account));
      expect(await at.operator.import(join(at.folder, 'export'), silent)).toMatchObject({ added: 1 });
      expect(await at.store.read((db) => db.selectFrom('tombstones').selectAll().execute())).toEqual([]);
    });
  });
}
