import { mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import Database from 'better-sqlite3';
import { sql } from 'kysely';
import { StoreError } from '../../src/store/errors.ts';
import { migrations } from '../../src/store/migrations/index.ts';
import { openStore } from '../../src/store/store.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'postern-store-'));
  path = join(folder, 'postern.db');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('a SQLite store', () => {
  it('is made with its tables, for its owner only', async () => {
    const store = await openStore({ kind: 'sqlite', path });
    expect(await store.read((db) => db.selectFrom('accounts').selectAll().execute())).toEqual([]);
    await store.write((db) => db.insertInto('switches').values({ name: 'a', value: 'b' }).execute());
    for (const name of ['', '-wal', '-shm']) expect(statSync(`${path}${name}`).mode & 0o777).toBe(0o600);
    await store.close();
  });

  it('waits until the disk has what it writes, unless that may be forgotten', async () => {
    // https://www.sqlite.org/pragma.html#pragma_synchronous: 1 NORMAL, 2 FULL
    for (const [waitsForDisk, synchronous] of [
      [undefined, 2],
      [false, 1],
    ] as const) {
      const store = await openStore({ kind: 'sqlite', path }, waitsForDisk === undefined ? {} : { waitsForDisk });
      const { rows } = await store.read((db) => sql`pragma synchronous`.execute(db));
      expect(rows).toEqual([{ synchronous }]);
      await store.close();
    }
  });

  it('is made once when many open it at the same time', async () => {
    const stores = await Promise.all(Array.from({ length: 8 }, () => openStore({ kind: 'sqlite', path })));
    const steps = await stores[0]?.read((db) =>
      db.withTables<{ schema_migrations: { step: number } }>().selectFrom('schema_migrations').selectAll().execute(),
    );
    expect(steps).toHaveLength(migrations.length);
    await Promise.all(stores.map((store) => store.close()));
  });

  it('waits for another process that has just made the file', async () => {
    const other = new Database(path);
    other.exec('begin exclusive');
    await expect(openStore({ kind: 'sqlite', path }, { patienceMs: 0 })).rejects.toMatchObject({ code: 'locked' });
    const opening = openStore({ kind: 'sqlite', path });
    other.exec('commit');
    other.close();
    await (await opening).close();
  });

  it('is not made by a command that only looks', async () => {
    const opening = openStore({ kind: 'sqlite', path }, { create: false });
    await expect(opening).rejects.toMatchObject({ name: 'StoreError', code: 'missing-file' });
  });

  it('refuses a schema from a newer version, and leaves it alone', async () => {
    const future = { name: '2031-teleportation', up: async () => {} };
    await (await openStore({ kind: 'sqlite', path }, { migrations: [...migrations, future] })).close();
    await expect(openStore({ kind: 'sqlite', path })).rejects.toMatchObject({
      code: 'newer-schema',
      message: expect.stringContaining('2031-teleportation'),
    });
    await (await openStore({ kind: 'sqlite', path }, { migrations: [...migrations, future] })).close();
  });

  it('keeps nothing of a migration that fails half-way', async () => {
    const broken = {
      name: '2031-broken',
      up: async (db: Parameters<(typeof migrations)[number]['up']>[0]) => {
        await db.schema.createTable('half').addColumn('a', 'text').execute();
        throw new Error('no such luck');
      },
    };
    await expect(openStore({ kind: 'sqlite', path }, { migrations: [...migrations, broken] })).rejects.toThrow(
      'no such luck',
    );
    const database = new Database(path);
    expect(database.prepare('select name from sqlite_master').all()).toEqual([]);
    database.close();
  });

  it('refuses a file that is no database', async () => {
    writeFileSync(path, 'Dear diary, '.repeat(1_000));
    await expect(openStore({ kind: 'sqlite', path })).rejects.toBeInstanceOf(StoreError);
  });

  it('fails for now while another process holds the lock, without stalling this one, and works again after', async () => {
    const store = await openStore({ kind: 'sqlite', path }, { patienceMs: 300 });
    const other = new Database(path);
    other.exec('begin immediate');
    const write = store.write((db) => db.insertInto('switches').values({ name: 'a', value: 'b' }).execute());
    expect(await store.read((db) => db.selectFrom('switches').selectAll().execute())).toEqual([]);
    await expect(write).rejects.toMatchObject({ code: 'locked' });
    other.exec('rollback');
    other.close();
    await store.write((db) => db.insertInto('switches').values({ name: 'a', value: 'b' }).execute());
    await store.close();
  });

  it('fails for now when the file was taken away, instead of writing where nobody will look', async () => {
    const store = await openStore({ kind: 'sqlite', path });
    renameSync(path, `${path}.gone`);
    const write = (): Promise<unknown> =>
      store.write((db) => db.insertInto('switches').values({ name: 'a', value: 'b' }).execute());
    await expect(write()).rejects.toMatchObject({ code: 'missing-file' });
    renameSync(`${path}.gone`, path);
    await write();
    await store.close();
  });

  it('fails for now when the disk is full', async () => {
    const store = await openStore({ kind: 'sqlite', path });
    const write = (name: string): Promise<unknown> =>
      store.write((db) =>
        db
          .insertInto('switches')
          .values({ name, value: 'x'.repeat(100_000) })
          .execute(),
      );
    // SQLite itself says "full" when its own limit is reached, as it does when the disk is.
    await store.read((db) => sql`pragma max_page_count = 30`.execute(db));
    await expect(write('a')).rejects.toMatchObject({
      code: 'full',
      message: `${path}: there is no space left (SQLITE_FULL)`,
    });
    expect(await store.read((db) => db.selectFrom('switches').selectAll().execute())).toEqual([]);
    await store.close();
  });

  it('undoes everything when the work throws', async () => {
    const store = await openStore({ kind: 'sqlite', path });
    const work = store.write(async (db) => {
      await db.insertInto('switches').values({ name: 'a', value: 'b' }).execute();
      throw new RangeError('second thoughts');
    });
    await expect(work).rejects.toThrow('second thoughts');
    expect(await store.read((db) => db.selectFrom('switches').selectAll().execute())).toEqual([]);
    await store.close();
  });
});

describe('a PostgreSQL store', () => {
  it('that nobody answers for fails for now, and never tells the password', async () => {
    const opening = openStore({ kind: 'postgresql', url: 'postgresql://relay:hunter2@127.0.0.1:1/postern' });
    await expect(opening).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(/^postgresql:\/\/relay@127\.0\.0\.1:1\/postern: the database does not answer/),
    });
  });
});
