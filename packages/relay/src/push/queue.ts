import type { ExpressionBuilder, ExpressionWrapper, Kysely, SqlBool } from 'kysely';
import type { Store } from '../store/store.ts';
import type { Tables } from '../store/tables.ts';
import type { PushLimits } from './limits.ts';

/** One device to be woken. */
export interface Push {
  readonly address: string;
  readonly id: string;
  readonly token: string;
  /** Which message, counted, it is about. */
  readonly count: number;
  readonly tries: number;
}

/** Names the device that a push is for. */
export function keyOf({ address, id }: { readonly address: string; readonly id: string }): string {
  return `${address} ${id}`;
}

/** What became of an attempt. `interrupted`: it was we who gave up, because we have to stop. */
export type Outcome = 'done' | 'gone' | 'failed' | 'interrupted';

/**
 * The pushes that are yet to be made. They are marks on the tokens themselves, so there are never more of them than
 * tokens, and they go with them. Times are in seconds since 1970.
 */
export class PushQueue {
  readonly #store: Store;
  readonly #limits: PushLimits;

  constructor(store: Store, limits: PushLimits) {
    this.#store = store;
    this.#limits = limits;
  }

  /** A message came: all devices are to be woken, at once. @returns whether there is anything to do. */
  async announce(address: string, now: number): Promise<boolean> {
    // A flood of mail is one push, and a user without devices costs no write.
    const isWanted = await this.#store.read((db) =>
      db
        .selectFrom('device_tokens')
        .select('id')
        .where('address', '=', address)
        .where(isNotDue(now))
        .executeTakeFirst(),
    );
    if (isWanted === undefined) return false;
    await this.#store.write(async (db) => {
      await db
        .updateTable('device_tokens')
        .set((row) => ({ push_count: row('push_count', '+', 1), push_since: now, push_due: now }))
        .where('address', '=', address)
        .where(isNotDue(now))
        .execute();
    });
    return true;
  }

  /**
   * Takes pushes that are due, those first that were never tried. Nobody else gets them until the lease ends. Those that
   * came too long ago are dropped.
   *
   * @param underWay devices that are being told already: they get no second push beside the first.
   */
  async claim(now: number, most: number, underWay: ReadonlyMap<string, unknown>): Promise<Push[]> {
    const found = await this.#store.read((db) => this.#due(db, now, most + underWay.size));
    const due = found.filter((row) => !underWay.has(keyOf(row))).slice(0, most);
    if (due.length === 0) return [];
    return await this.#store.write(async (db) => {
      const claimed: Push[] = [];
      for (const row of due) {
        const isOver = row.push_since === null || row.push_since + this.#limits.deadlineSeconds < now;
        const result = await db
          .updateTable('device_tokens')
          .set(isOver ? nothingToTell : { push_due: now + this.#limits.leaseSeconds })
          .where('address', '=', row.address)
          .where('id', '=', row.id)
          .where('push_due', '=', row.push_due)
          .where('push_count', '=', row.push_count)
          .executeTakeFirst();
        if (isOver || result.numUpdatedRows === 0n) continue;
        const { address, id, token } = row;
        claimed.push({ address, id, token, count: row.push_count, tries: row.push_tries });
      }
      return claimed;
    });
  }

  /** Notes how an attempt ended. When it was made and another message came meanwhile, the push stays due for that one. */
  async settle({ address, id, count, tries }: Push, outcome: Outcome, now: number): Promise<void> {
    await this.#store.write(async (db) => {
      if (outcome === 'gone') {
        await db.deleteFrom('device_tokens').where('address', '=', address).where('id', '=', id).execute();
        return;
      }
      const changes = { done: nothingToTell, failed: this.#later(tries, now), interrupted: { push_due: now } }[outcome];
      const update = db.updateTable('device_tokens').set(changes).where('address', '=', address).where('id', '=', id);
      await (outcome === 'done' ? update.where('push_count', '=', count) : update).execute();
    });
  }

  /** When the next push is due that is not due yet. */
  async nextDue(now: number): Promise<number | undefined> {
    const row = await this.#store.read((db) =>
      db
        .selectFrom('device_tokens')
        .select((select) => select.fn.min('push_due').as('due'))
        .where('push_due', '>', now)
        .executeTakeFirst(),
    );
    return row?.due ?? undefined;
  }

  #later(tries: number, now: number): { readonly push_tries: number; readonly push_due: number } {
    const { retrySeconds } = this.#limits;
    const pause = retrySeconds[Math.min(tries, retrySeconds.length - 1)] ?? 0;
    return { push_tries: tries + 1, push_due: now + pause };
  }

  async #due(db: Kysely<Tables>, now: number, most: number) {
    return await db
      .selectFrom('device_tokens')
      .select(['address', 'id', 'token', 'push_count', 'push_tries', 'push_since', 'push_due'])
      .where('push_due', '<=', now)
      .orderBy('push_tries')
      .orderBy('push_due')
      .limit(most)
      .execute();
  }
}

const nothingToTell = { push_due: null, push_since: null, push_tries: 0 } as const;

/** Not waiting already: nothing to tell, waiting for another attempt, or being told of an earlier message. */
function isNotDue(now: number) {
  return (row: ExpressionBuilder<Tables, 'device_tokens'>): ExpressionWrapper<Tables, 'device_tokens', SqlBool> =>
    row.or([row('push_due', 'is', null), row('push_due', '>', now)]);
}
