import type { Kysely } from 'kysely';
import type { Store } from '../store/store.ts';
import type { Tables } from '../store/tables.ts';
import { daySeconds } from './rules.ts';

/** Whoever takes mailboxes and does not come back, for it was killed, has them taken by the next after this. */
const leaseSeconds = 600;
/** Below the databases' limits for parameters. */
const maxPerWrite = 500;

/**
 * When each mailbox is to be looked at, in the store: a run touches those that are due and no others. Many runs at once
 * share the work, since a mailbox that one has taken is not due for the others. Times are in seconds since 1970.
 */
export class VisitSchedule {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Adds the accounts that are not in it yet.
   *
   * @param firstVisit for the mailboxes of accounts made today or yesterday; others are due at once.
   */
  async addMissing(now: number, firstVisit: number): Promise<void> {
    const yesterday = Math.floor(now / daySeconds) - 1;
    for (let after: string | undefined = ''; after !== undefined;) {
      const missing = await this.#store.read((db) => missingAfter(db, after ?? ''));
      const days = new Map(missing.map(({ address, created_day: day }) => [address, day]));
      await this.#store.write(async (db) => {
        const rows = (await existing(db, [...days.keys()])).map((address) => ({
          address,
          visit_at: (days.get(address) ?? 0) >= yesterday ? firstVisit : 0,
        }));
        await insertRows(db, rows);
      });
      after = missing.length < maxPerWrite ? undefined : missing.at(-1)?.address;
    }
  }

  /** Takes mailboxes that are due, those first that have waited longest. @returns their addresses, and the lease. */
  async claim(now: number, most: number): Promise<Claim> {
    const lease = now + leaseSeconds;
    const addresses = await this.#store.write(async (db) => {
      const query = db.selectFrom('mailbox_visits').select('address').where('visit_at', '<=', now);
      const due = await query.orderBy('visit_at').limit(most).execute();
      const claimed = due.map(({ address }) => address);
      await setVisit(db, claimed, lease);
      return claimed;
    }, 'mailbox visits');
    return { addresses, lease };
  }

  /** Takes these, due or not, as far as they exist. */
  async claimThese(addresses: readonly string[], now: number): Promise<Claim> {
    const lease = now + leaseSeconds;
    const claimed = await this.#store.write(async (db) => {
      const known = await existing(db, addresses);
      await insertRows(
        db,
        known.map((address) => ({ address, visit_at: lease })),
      );
      await setVisit(db, known, lease);
      return known;
    }, 'mailbox visits');
    return { addresses: claimed, lease };
  }

  /** Notes when to come again. Of whom somebody else has taken meanwhile, they decide. */
  async settle(visits: ReadonlyMap<string, number>, lease: number): Promise<void> {
    await this.#store.write(async (db) => {
      for (const [address, visitAt] of visits) {
        await db
          .updateTable('mailbox_visits')
          .set({ visit_at: visitAt })
          .where('address', '=', address)
          .where('visit_at', '=', lease)
          .execute();
      }
    });
  }

  /** The rules have changed. */
  async makeAllDue(): Promise<void> {
    await this.#store.write((db) => db.updateTable('mailbox_visits').set({ visit_at: 0 }).execute());
  }

  /** What is due, page by page, without taking it. Who is not in the schedule is due too. */
  async *pages(now: number, pageSize: number): AsyncGenerator<readonly string[]> {
    for (let after: string | undefined = ''; after !== undefined;) {
      const page = await this.#store.read((db) => duePage(db, { now, after: after ?? '', pageSize }));
      if (page.length > 0) yield page;
      after = page.length < pageSize ? undefined : page.at(-1);
    }
  }

  /** Those of whom there is an account. */
  async existing(addresses: readonly string[]): Promise<readonly string[]> {
    return await this.#store.read((db) => existing(db, addresses));
  }
}

export interface Claim {
  readonly addresses: readonly string[];
  readonly lease: number;
}

async function duePage(
  db: Kysely<Tables>,
  { now, after, pageSize }: { readonly now: number; readonly after: string; readonly pageSize: number },
): Promise<string[]> {
  const rows = await db
    .selectFrom('accounts')
    .leftJoin('mailbox_visits', 'mailbox_visits.address', 'accounts.address')
    .select('accounts.address')
    .where((where) => where.or([where('visit_at', 'is', null), where('visit_at', '<=', now)]))
    .where('accounts.reserved_until', 'is', null)
    .where('accounts.address', '>', after)
    .orderBy('accounts.address')
    .limit(pageSize)
    .execute();
  return rows.map(({ address }) => address);
}

/** A page of accounts that are not in the schedule. */
async function missingAfter(db: Kysely<Tables>, after: string) {
  return await db
    .selectFrom('accounts')
    .leftJoin('mailbox_visits', 'mailbox_visits.address', 'accounts.address')
    .select(['accounts.address', 'accounts.created_day'])
    .where('mailbox_visits.address', 'is', null)
    .where('accounts.reserved_until', 'is', null)
    .where('accounts.address', '>', after)
    .orderBy('accounts.address')
    .limit(maxPerWrite)
    .execute();
}

/** Those of whom there is an account at this moment. */
async function existing(db: Kysely<Tables>, addresses: readonly string[]): Promise<string[]> {
  if (addresses.length === 0) return [];
  const rows = await db.selectFrom('accounts').select('address').where('address', 'in', addresses).execute();
  return rows.map(({ address }) => address);
}

async function insertRows(
  db: Kysely<Tables>,
  rows: readonly { readonly address: string; readonly visit_at: number }[],
): Promise<void> {
  if (rows.length === 0) return;
  const insert = db.insertInto('mailbox_visits').values(rows);
  await insert.onConflict((conflict) => conflict.column('address').doNothing()).execute();
}

async function setVisit(db: Kysely<Tables>, addresses: readonly string[], visitAt: number): Promise<void> {
  if (addresses.length === 0) return;
  await db.updateTable('mailbox_visits').set({ visit_at: visitAt }).where('address', 'in', addresses).execute();
}
