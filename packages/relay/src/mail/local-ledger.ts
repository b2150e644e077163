import type { Store } from '../store/store.ts';
import { forgetOld, isUnused, nothingUsed, onOtherClock, reserve, settle, type Demand, type Usage } from './budget.ts';
import { Availability, type Ledger, type LedgerAnswer, type LedgerEvent, type LedgerKey } from './ledger.ts';
import { deleteOldUsage, parseUsage, writeUsage } from './usage-rows.ts';

export interface LedgerClock {
  /** Milliseconds that never go back. */
  monotonicMs(): number;
  /** Milliseconds since 1970, as far as the machine knows. */
  wallMs(): number;
}

export interface LocalLedgerOptions {
  /** Opens the database; asked again until it succeeds. */
  readonly openStore: () => Promise<Store>;
  readonly clock: LedgerClock;
  readonly onEvent: (event: LedgerEvent) => void;
  readonly maxAccounts?: number;
}

/** An account of a stranger's making costs memory: past so many, whoever was idle longest is forgotten. */
const defaultMaxAccounts = 200_000;

/**
 * The ledger of one process on one machine: counts in memory, and writes what changed to the database when `save` is
 * called, which is not on any message's way. A process that is killed loses what was not saved yet, and no more.
 *
 * Times in memory are of a clock that never goes back, so a clock that is set, or midnight, means nothing. In the
 * database they are of the wall clock; what lies in the future there when they are read counts as now.
 */
export class LocalLedger implements Ledger {
  readonly #options: LocalLedgerOptions;
  readonly #maxAccounts: number;
  readonly #availability: Availability;
  /** Least recently used first. */
  readonly #accounts = new Map<LedgerKey, Usage>();
  #unsaved = new Map<LedgerKey, Usage>();
  #store: Store | undefined;
  #isAvailable = false;
  #saving: Promise<void> | undefined;
  #nextCleaningMs = 0;

  constructor(options: LocalLedgerOptions) {
    this.#options = options;
    this.#maxAccounts = options.maxAccounts ?? defaultMaxAccounts;
    this.#availability = new Availability(options.onEvent);
  }

  reserve({ id, key, demand, budget, pace }: Parameters<Ledger['reserve']>[0]): Promise<LedgerAnswer> {
    return Promise.resolve(this.#reserve(id, key, { demand, budget, pace }));
  }

  #reserve(id: string, key: LedgerKey, wish: Omit<Parameters<typeof reserve>[1], 'id' | 'nowMs'>): LedgerAnswer {
    if (!this.#isAvailable) {
      this.#availability.failed(undefined);
      return { kind: 'unavailable' };
    }
    const nowMs = this.#options.clock.monotonicMs();
    const answer = reserve(this.#accounts.get(key) ?? nothingUsed, { id, ...wish, nowMs });
    if (answer.kind !== 'reserved') return answer;
    this.#keep(key, answer.usage);
    return { kind: 'reserved' };
  }

  settle(key: LedgerKey, id: string, spent: Demand): void {
    const usage = settle(this.#accounts.get(key) ?? nothingUsed, id, spent, this.#options.clock.monotonicMs());
    if (isUnused(usage)) this.#accounts.delete(key);
    else this.#keep(key, usage);
    if (spent.messages + spent.recipients + spent.bytes > 0) this.#unsaved.set(key, usage);
  }

  /** Reads what there is at first, writes what changed after. Call it twice a second; calls never overlap. */
  save(): Promise<void> {
    this.#saving ??= this.#save().finally(() => {
      this.#saving = undefined;
    });
    return this.#saving;
  }

  async close(): Promise<void> {
    await this.save();
    await this.save(); // what came while the first was under way
    await this.#store?.close();
  }

  async #save(): Promise<void> {
    const changed = this.#unsaved;
    this.#unsaved = new Map();
    try {
      this.#store ??= await this.#open();
      if (changed.size > 0) await this.#write(this.#store, changed);
      this.#isAvailable = true;
      this.#availability.succeeded();
    } catch (cause) {
      for (const [key, usage] of this.#unsaved) changed.set(key, usage);
      this.#unsaved = changed;
      this.#isAvailable = false;
      this.#availability.failed(cause);
    }
  }

  async #open(): Promise<Store> {
    const { openStore, clock } = this.#options;
    const store = await openStore();
    try {
      const rows = await store.read((db) =>
        db.selectFrom('mail_usage').selectAll().orderBy('changed_at_ms', 'desc').limit(this.#maxAccounts).execute(),
      );
      const nowMs = clock.monotonicMs();
      for (const row of rows.toReversed()) {
        const usage = forgetOld(onOtherClock(parseUsage(row.usage), nowMs - clock.wallMs(), nowMs), nowMs);
        const key = ledgerKey(row.key);
        if (key !== undefined && !isUnused(usage)) this.#accounts.set(key, usage);
      }
      return store;
    } catch (cause) {
      await store.close();
      throw cause;
    }
  }

  async #write(store: Store, changed: ReadonlyMap<LedgerKey, Usage>): Promise<void> {
    const { clock } = this.#options;
    const [nowMs, wall] = [clock.monotonicMs(), clock.wallMs()];
    const rows = [...changed].map(([key, usage]) => {
      // What is under way ends with this process.
      const lasting = { ...forgetOld(usage, nowMs), reserved: [] };
      return { key, usage: onOtherClock(lasting, wall - nowMs, wall) };
    });
    const isCleaning = nowMs >= this.#nextCleaningMs;
    await store.write(async (db) => {
      for (const { key, usage } of rows) await writeUsage(db, key, usage, wall);
      if (isCleaning) await deleteOldUsage(db, wall);
    });
    if (isCleaning) this.#nextCleaningMs = nowMs + cleaningIntervalMs;
  }

  #keep(key: LedgerKey, usage: Usage): void {
    this.#accounts.delete(key);
    this.#accounts.set(key, usage);
    if (this.#accounts.size <= this.#maxAccounts) return;
    const [idle] = this.#accounts.keys();
    if (idle !== undefined) this.#accounts.delete(idle);
  }
}

const cleaningIntervalMs = 600_000;

function ledgerKey(text: string): LedgerKey | undefined {
  if (text.startsWith('from ')) return `from ${text.slice(5)}`;
  return text.startsWith('to ') ? `to ${text.slice(3)}` : undefined;
}
