import { closeSync, openSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { Kysely, SqliteDialect, type SqliteStatement } from 'kysely';
import { StoreError } from './errors.ts';
import type { OpenedDatabase } from './store.ts';
import type { Tables } from './tables.ts';

/** How long a call may block the whole process for somebody else's lock; the store waits on without blocking. */
const busyTimeoutMs = 10;
/** Small: what is not in it mostly is in the memory that the system keeps files in. */
const cacheKiB = 4_096;
/** All our statements are written in the source, and few; those with lists of varying length are why there is a bound. */
const maxPreparedStatements = 200;

/** @throws what the driver or the system throws: SQLITE_BUSY too, while others open the file for the first time. */
export function openSqlite(
  path: string,
  { create, waitsForDisk }: { readonly create: boolean; readonly waitsForDisk: boolean },
): OpenedDatabase {
  // Hashes are nobody else's business: the file, and with it its -wal and -shm, is readable to its owner only.
  if (create) closeSync(openSync(path, 'a', 0o600));
  const inode = statSync(path).ino;
  const database = new Database(path, { timeout: busyTimeoutMs });
  try {
    // WAL: readers never wait. FULL: whoever was told "account created" still has it after a power cut.
    const synchronous = `synchronous = ${waitsForDisk ? 'FULL' : 'NORMAL'}`;
    for (const pragma of ['journal_mode = WAL', synchronous, `cache_size = -${cacheKiB}`]) {
      database.pragma(pragma);
    }
  } catch (cause) {
    database.close();
    throw cause;
  }
  const prepared = new PreparedStatements(database);
  return {
    db: new Kysely<Tables>({ dialect: new SqliteDialect({ database: prepared }) }),
    where: path,
    check: () => refuseWhenMoved(path, inode),
  };
}

/** A deleted file can still be written to, by whoever has it open, and everything in it is lost at the next restart. */
function refuseWhenMoved(path: string, inode: number): void {
  if (statSync(path, { throwIfNoEntry: false })?.ino === inode) return;
  throw new StoreError(
    'missing-file',
    `${path}: the database file was removed or replaced while it was in use. Put it back, or restart Postern to use the one that is there now.`,
  );
}

/** What kysely asks of a database, with two differences: statements are kept, and transactions lock at once. */
class PreparedStatements {
  readonly #database: Database.Database;
  readonly #kept = new Map<string, SqliteStatement>();

  constructor(database: Database.Database) {
    this.#database = database;
  }

  prepare(text: string): SqliteStatement {
    const known = this.#kept.get(text);
    if (known !== undefined) return known;
    if (text === 'rollback') return this.#rollback();
    // A transaction that begins by reading cannot always begin to write (SQLITE_BUSY_SNAPSHOT); all of ours write.
    const statement = this.#database.prepare(text === 'begin' ? 'begin immediate' : text);
    if (this.#kept.size >= maxPreparedStatements) this.#kept.clear();
    this.#kept.set(text, statement);
    return statement;
  }

  /** When the disk is full SQLite has rolled back by itself; an error about that would hide the one that matters. */
  #rollback(): SqliteStatement {
    const statement = this.#database.prepare('rollback');
    const nothing = { changes: 0, lastInsertRowid: 0 };
    return {
      reader: false,
      all: () => [],
      iterate: () => [].values(),
      run: () => (this.#database.inTransaction ? statement.run() : nothing),
    };
  }

  close(): void {
    this.#database.close();
  }
}
