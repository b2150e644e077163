import type { Insertable, Kysely, Selectable } from 'kysely';
import type { AccountsTable, Tables } from '../store/tables.ts';

/** An account as it is kept. */
export type AccountRow = Readonly<Selectable<AccountsTable>>;

/** Days since 1970-01-01 UTC. When somebody was here is kept by day, so that nothing finer can be told of them. */
export function dayOf(milliseconds: number): number {
  return Math.floor(milliseconds / 86_400_000);
}

export async function findAccount(db: Kysely<Tables>, address: string): Promise<AccountRow | undefined> {
  return await db.selectFrom('accounts').selectAll().where('address', '=', address).executeTakeFirst();
}

/** @returns whether it is there now because of this call: false when the address was taken already. */
export async function insertAccount(db: Kysely<Tables>, row: Insertable<AccountsTable>): Promise<boolean> {
  const result = await db
    .insertInto('accounts')
    .values(row)
    .onConflict((conflict) => conflict.column('address').doNothing())
    .executeTakeFirst();
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
}

/** Whether somebody has it: an address that an invite keeps counts as taken until its time is over. */
export function isReservation(row: AccountRow): boolean {
  return row.reserved_until !== null;
}

/** @param seconds since 1970. */
export function isLapsed(row: AccountRow, seconds: number): boolean {
  return row.reserved_until !== null && row.reserved_until <= seconds;
}

/** Whether it may be removed today or tomorrow unless somebody logs in. @param today in days since 1970. */
export function isNearlyUnused(
  { created_day: created, last_imap_day: imap, last_smtp_day: smtp }: AccountRow,
  today: number,
  { unusedDays }: { readonly unusedDays: number },
): boolean {
  return unusedDays > 0 && Math.max(imap ?? created, smtp ?? created) <= today - unusedDays + 1;
}

/** Rows in the order of their addresses, in pages, so that a million of them need no more memory than a thousand. */
export async function* pagesOf<Row extends { readonly address: string }>(
  page: (after: string, limit: number) => Promise<readonly Row[]>,
  pageSize = 1_000,
): AsyncGenerator<readonly Row[]> {
  for (let after = ''; ;) {
    const rows = await page(after, pageSize);
    if (rows.length > 0) yield rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageSize) return;
    after = last.address;
  }
}
