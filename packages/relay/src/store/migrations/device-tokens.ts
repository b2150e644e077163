import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** What users set over IMAP METADATA. It goes with the account, whoever removes that. */
export const deviceTokens: Migration = {
  name: '2026-11-device-tokens',
  async up(transaction, kind) {
    const key = kind === 'sqlite' ? sql`text` : sql`text collate "C"`;
    const tokens = transaction.schema
      .createTable('device_tokens')
      .addColumn('address', key, (column) => column.notNull().references('accounts.address').onDelete('cascade'))
      .addColumn('id', 'text', (column) => column.notNull())
      .addColumn('token', 'text', (column) => column.notNull())
      .addColumn('set_day', 'integer', (column) => column.notNull())
      .addColumn('push_count', 'integer', (column) => column.notNull().defaultTo(0))
      .addColumn('push_tries', 'integer', (column) => column.notNull().defaultTo(0))
      .addColumn('push_since', 'bigint')
      .addColumn('push_due', 'bigint')
      .addPrimaryKeyConstraint('device_tokens_key', ['address', 'id']);
    await (kind === 'sqlite' ? tokens.modifyEnd(sql`without rowid`) : tokens).execute();
    await transaction.schema
      .createIndex('device_tokens_push_due')
      .on('device_tokens')
      .column('push_due')
      .where('push_due', 'is not', null)
      .execute();
    await transaction.schema.dropTable('cleartext_refusals').execute();
    await transaction.schema
      .createTable('cleartext_refusals')
      .addColumn('address', key, (column) =>
        column.primaryKey().notNull().references('accounts.address').onDelete('cascade'),
      )
      .execute();
  },
};
