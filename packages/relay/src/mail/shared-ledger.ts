import { sql, type Transaction } from 'kysely';
import type { Store } from '../store/store.ts';
import type { Tables } from '../store/tables.ts';
import { type Demand, isAhead, nothingUsed, onOtherClock, reserve, settle, type Usage } from './budget.ts';
import {
  Availability,
  type Ledger,
  type LedgerAnswer,
  type LedgerEvent,
  type LedgerKey,
  type LedgerRequest,
} from './ledger.ts';
import { deleteOldUsage, parseUsage, writeUsage } from './usage-rows.ts';

export interface SharedLedgerOptions {
  readonly openStore: () => Promise<Store>;
  readonly onEvent: (event: LedgerEvent) => void;
}

/**
 * The ledger of several processes and hosts, in PostgreSQL: each question is one transaction that holds the account's
 * row, and the time is the database's, whatever the hosts' clocks say. So together they never let more through than one
 * would. When the database's own clock is put back, what was used counts from then on as used just now.
 *
 * The transaction does not wait for the disk (`synchronous_commit = off`): when PostgreSQL itself crashes, at most what
 * was accepted in the last three `wal_writer_delay` (0.6 s) is forgotten, and that much more may be sent.
 */
export class SharedLedger implements Ledger {
  readonly #options: SharedLedgerOptions;
  readonly #availability: Availability;
  readonly #settling = new Set<Promise<void>>();
  #store: Promise<Store> | undefined;

  constructor(options: SharedLedgerOptions) {
    this.#options = options;
    this.#availability = new Availability(options.onEvent);
  }

  async reserve({ id, key, demand, budget, pace }: LedgerRequest): Promise<LedgerAnswer> {
    try {
      const answer = await this.#change<LedgerAnswer>(key, (usage, nowMs) => {
        const wanted = reserve(usage, { id, demand, budget, pace, nowMs });
        return wanted.kind === 'reserved' ? { usage: wanted.usage, result: { kind: 'reserved' } } : { result: wanted };
      });
      this.#availability.succeeded();
      return answer;
    } catch (cause) {
      this.#availability.failed(cause);
      return { kind: 'unavailable' };
    }
  }

  settle(key: LedgerKey, id: string, spent: Demand): void {
    // When it fails the reservation stays, and counts until it is forgotten: stricter, never more lenient.
    const done = this.#change(key, (usage, nowMs) => ({ usage: settle(usage, id, spent, nowMs), result: undefined }))
      .catch((cause: unknown) => this.#availability.failed(cause))
      .finally(() => this.#settling.delete(done));
    this.#settling.add(done);
  }

  /** Deletes what no window reaches any more. Call it now and then. */
  async clean(): Promise<void> {
    try {
      const store = await this.#opened();
      await store.write(async (db) => deleteOldUsage(db, await databaseTimeMs(db)));
    } catch (cause) {
      this.#availability.failed(cause);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#settling);
    const store = await this.#store?.catch(() => undefined);
    await store?.close();
  }

  async #change<T>(
    key: LedgerKey,
    change: (usage: Usage, nowMs: number) => { readonly usage?: Usage; readonly result: T },
  ): Promise<T> {
    const store = await this.#opened();
    return await store.write(async (db) => {
      const nowMs = await databaseTimeMs(db);
      const row = await db.selectFrom('mail_usage').select('usage').where('key', '=', key).executeTakeFirst();
      const stored = row === undefined ? nothingUsed : parseUsage(row.usage);
      const isWrong = isAhead(stored, nowMs);
      const known = isWrong ? onOtherClock(stored, 0, nowMs) : stored;
      // Set right once and for all, also when the answer is no: else it would be "just now" at every question.
      const { usage = isWrong ? known : undefined, result } = change(known, nowMs);
      if (usage !== undefined) await writeUsage(db, key, usage, nowMs);
      return result;
    }, `mail usage ${key}`);
  }

  #opened(): Promise<Store> {
    this.#store ??= this.#options.openStore().catch((cause: unknown) => {
      this.#store = undefined; // the next one tries again
      throw cause;
    });
    return this.#store;
  }
}

/** Also says that this transaction's end need not wait for the disk. Asked after the lock was got: the order is the row's. */
async function databaseTimeMs(db: Transaction<Tables>): Promise<number> {
  const { rows } = await sql<{ readonly now: number }>`
    select set_config('synchronous_commit', 'off', true),
           (extract(epoch from clock_timestamp()) * 1000)::float8 as now`.execute(db);
  const now = rows[0]?.now;
  if (now === undefined) throw new RangeError('the database did not say what time it is');
  return now;
}
