import { setTimeout as wait } from 'node:timers/promises';
import { type Kysely, sql, type Transaction } from 'kysely';
import { isContention, storeError } from './errors.ts';
import { migrate } from './migrate.ts';
import { migrations as allMigrations } from './migrations/index.ts';
import type { Migration } from './migrations/migration.ts';
import { openSqlite } from './sqlite.ts';
import type { Tables } from './tables.ts';

export type StoreKind = 'sqlite' | 'postgresql';

export type StoreLocation =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'postgresql'; readonly url: string };

/** Everything that the relay keeps in a database. */
export interface Store {
  readonly kind: StoreKind;
  /** Where it is, for people: a path, or an address without its password. */
  readonly where: string;
  /** Runs queries that change nothing. @throws StoreError */
  read<T>(work: (db: Kysely<Tables>) => Promise<T>): Promise<T>;
  /**
   * Runs queries in one transaction, all or nothing. It may run `work` again when others were in the way, so `work`
   * does nothing but queries.
   *
   * @param lock names what the decision is about. Two writes with the same name never overlap, on whichever host; give
   * one wherever the work looks first and writes after.
   * @throws StoreError
   */
  write<T>(work: (db: Transaction<Tables>) => Promise<T>, lock?: string): Promise<T>;
  close(): Promise<void>;
}

/** What a dialect brings. */
export interface OpenedDatabase {
  readonly db: Kysely<Tables>;
  readonly where: string;
  /** Throws when writing now would go astray. */
  check(): void;
}

export interface StoreOptions {
  /** False refuses to make a new, empty file: right for commands, which look at what a relay keeps. */
  readonly create?: boolean;
  readonly migrations?: readonly Migration[];
  /** How long work waits for other processes to let it through. Below the 9 s after which a login counts as failed. */
  readonly patienceMs?: number;
  /** False for what may be forgotten in a power cut: then no write stops this process until the disk has it. */
  readonly waitsForDisk?: boolean;
}

const longestPauseMs = 40;

/**
 * Opens the database, creates it when it is new, and brings its schema up to date.
 *
 * @throws StoreError
 */
export async function openStore(location: StoreLocation, options: StoreOptions = {}): Promise<Store> {
  const { create = true, migrations = allMigrations, patienceMs = 5_000, waitsForDisk = true } = options;
  const opened =
    location.kind === 'sqlite'
      ? await patiently(() => openSqlite(location.path, { create, waitsForDisk }), { where: location.path, patienceMs })
      : (await import('./postgresql.ts')).openPostgresql(location); // its driver stays out of memory where nobody asks for it
  const store = new KyselyStore(location.kind, opened, patienceMs);
  try {
    await store.migrate(migrations);
  } catch (cause) {
    await store.close();
    throw cause;
  }
  return store;
}

class KyselyStore implements Store {
  readonly kind: StoreKind;
  readonly where: string;
  readonly #opened: OpenedDatabase;
  readonly #patienceMs: number;

  constructor(kind: StoreKind, opened: OpenedDatabase, patienceMs: number) {
    this.#patienceMs = patienceMs;
    this.kind = kind;
    this.where = opened.where;
    this.#opened = opened;
  }

  async migrate(migrations: readonly Migration[]): Promise<void> {
    const { kind, where } = this;
    await this.#patiently(() => migrate(this.#opened.db, { kind, where, migrations }));
  }

  async read<T>(work: (db: Kysely<Tables>) => Promise<T>): Promise<T> {
    return await this.#patiently(() => work(this.#opened.db));
  }

  async write<T>(work: (db: Transaction<Tables>) => Promise<T>, lock?: string): Promise<T> {
    return await this.#patiently(() => {
      this.#opened.check();
      return this.#opened.db.transaction().execute(async (transaction) => {
        if (lock !== undefined && this.kind === 'postgresql') {
          await sql`select pg_advisory_xact_lock(hashtextextended(${lock}, 0))`.execute(transaction);
        }
        return await work(transaction);
      });
    });
  }

  async close(): Promise<void> {
    await this.#opened.db.destroy();
  }

  async #patiently<T>(attempt: () => Promise<T>): Promise<T> {
    return await patiently(attempt, { where: this.where, patienceMs: this.#patienceMs });
  }
}

/** Does it again as long as others are in the way. @throws StoreError */
async function patiently<T>(
  attempt: () => T | Promise<T>,
  { where, patienceMs }: { readonly where: string; readonly patienceMs: number },
): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (let pauseMs = 1; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    try {
      return await attempt();
    } catch (cause) {
      if (!isContention(cause) || performance.now() > deadline) throw storeError(cause, where);
    }
    await wait(pauseMs);
  }
}
