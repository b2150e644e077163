import type { ExpressionBuilder, ExpressionWrapper, Kysely, SqlBool } from 'kysely';
import { sql } from 'kysely';
import type { Tables } from '../store/tables.ts';
import { type AccountRow, pagesOf } from './records.ts';

/** Which accounts; whatever is left out does not matter. Days are counted back from today. */
export interface AccountFilter {
  /** Made at least so many days ago. */
  readonly minAgeDays?: number;
  /** Made at most so many days ago. */
  readonly maxAgeDays?: number;
  /** Neither by IMAP nor by SMTP here for at least so many days. */
  readonly unseenDays?: number;
  /** Here within so many days. */
  readonly seenDays?: number;
  readonly isBlocked?: boolean;
  /** With this in the address. */
  readonly containing?: string;
}

export interface AccountCounts {
  readonly accounts: number;
  readonly blocked: number;
  /** Kept by an invite, and nobody has logged in yet. */
  readonly reserved: number;
}

/** Accounts in the order of their addresses, read page by page. */
export async function* selectAccounts(
  read: <T>(work: (db: Kysely<Tables>) => Promise<T>) => Promise<T>,
  filter: AccountFilter,
  today: number,
): AsyncGenerator<AccountRow> {
  const pages = pagesOf((after, limit) =>
    read((db) => {
      const query = db.selectFrom('accounts').selectAll().where('address', '>', after);
      return query.where(matching(filter, today)).orderBy('address').limit(limit).execute();
    }),
  );
  for await (const page of pages) yield* page;
}

export async function countAccounts(db: Kysely<Tables>, filter: AccountFilter, today: number): Promise<AccountCounts> {
  const row = await db
    .selectFrom('accounts')
    .where(matching(filter, today))
    .select(({ fn }) => [
      fn.countAll<number>().as('all'),
      fn.count<number>('blocked_day').as('blocked'),
      fn.count<number>('reserved_until').as('reserved'),
    ])
    .executeTakeFirstOrThrow();
  return { accounts: row.all - row.reserved, blocked: row.blocked, reserved: row.reserved };
}

/** The condition that a filter stands for. */
export function matching(
  filter: AccountFilter,
  today: number,
): (where: ExpressionBuilder<Tables, 'accounts'>) => ExpressionWrapper<Tables, 'accounts', SqlBool> {
  return (where: ExpressionBuilder<Tables, 'accounts'>): ExpressionWrapper<Tables, 'accounts', SqlBool> => {
    const { minAgeDays, maxAgeDays, unseenDays, seenDays, isBlocked, containing } = filter;
    // Who never logged in was here when the account was made.
    const lastSeen = where.fn.coalesce('last_imap_day', 'created_day');
    const lastSent = where.fn.coalesce('last_smtp_day', 'created_day');
    return where.and([
      ...(minAgeDays === undefined ? [] : [where('created_day', '<=', today - minAgeDays)]),
      ...(maxAgeDays === undefined ? [] : [where('created_day', '>=', today - maxAgeDays)]),
      ...(unseenDays === undefined
        ? []
        : [where(lastSeen, '<=', today - unseenDays), where(lastSent, '<=', today - unseenDays)]),
      ...(seenDays === undefined
        ? []
        : [where.or([where(lastSeen, '>=', today - seenDays), where(lastSent, '>=', today - seenDays)])]),
      ...(isBlocked === undefined ? [] : [where('blocked_day', isBlocked ? 'is not' : 'is', null)]),
      ...(containing === undefined
        ? []
        : [sql<SqlBool>`${where.ref('address')} like ${likePattern(containing)} escape '!'`]),
    ]);
  };
}

/** `_` and `%` stand for themselves: an address may well have an underscore. */
function likePattern(text: string): string {
  return `%${text.toLowerCase().replace(/[!%_]/g, '!$&')}%`;
}
