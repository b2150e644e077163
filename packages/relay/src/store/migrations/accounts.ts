import { type ColumnDefinitionBuilder, type CreateTableBuilder, sql, type Transaction } from 'kysely';
import type { StoreKind } from '../store.ts';
import type { Tables } from '../tables.ts';
import type { Migration } from './migration.ts';

export const accounts: Migration = {
  name: '2026-11-accounts',
  async up(transaction, kind) {
    await keyed(transaction, kind, 'accounts', 'address')
      .addColumn('password', 'text', notNull)
      .addColumn('proof', 'text')
      .addColumn('created_day', 'integer', notNull)
      .addColumn('last_imap_day', 'integer')
      .addColumn('last_smtp_day', 'integer')
      .addColumn('blocked_day', 'integer')
      .addColumn('blocked_reason', 'text')
      .addColumn('reserved_until', 'bigint')
      .execute();
    await keyed(transaction, kind, 'tombstones', 'address_hash').addColumn('expires_at', 'bigint', notNull).execute();
    await keyed(transaction, kind, 'invites', 'id')
      .addColumn('token_hash', 'text', (column) => column.notNull().unique())
      .addColumn('note', 'text')
      .addColumn('max_uses', 'integer', notNull)
      .addColumn('uses', 'integer', (column) => column.notNull().defaultTo(0))
      .addColumn('created_at', 'bigint', notNull)
      .addColumn('expires_at', 'bigint')
      .addColumn('revoked_at', 'bigint')
      .execute();
    await keyed(transaction, kind, 'switches', 'name').addColumn('value', 'text', notNull).execute();
  },
};

function notNull(column: ColumnDefinitionBuilder): ColumnDefinitionBuilder {
  return column.notNull();
}

/** A table found by a text key only: in SQLite the rows lie in the key's own tree; in both, keys order as bytes. */
function keyed(
  transaction: Transaction<Tables>,
  kind: StoreKind,
  table: string,
  key: string,
): CreateTableBuilder<string, string> {
  const type = kind === 'sqlite' ? sql`text` : sql`text collate "C"`;
  const created = transaction.schema.createTable(table).addColumn(key, type, (column) => column.primaryKey().notNull());
  return kind === 'sqlite' ? created.modifyEnd(sql`without rowid`) : created;
}
