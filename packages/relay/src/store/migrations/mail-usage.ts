import { sql } from 'kysely';
import type { Migration } from './migration.ts';

export const mailUsage: Migration = {
  name: '2026-11-mail-usage',
  async up(transaction, kind) {
    const key = kind === 'sqlite' ? sql`text` : sql`text collate "C"`;
    await transaction.schema
      .createTable('mail_usage')
      .addColumn('key', key, (column) => column.primaryKey().notNull())
      .addColumn('changed_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('usage', 'text', (column) => column.notNull())
      .execute();
    await transaction.schema.createIndex('mail_usage_changed_at_ms').on('mail_usage').column('changed_at_ms').execute();
    await transaction.schema
      .createTable('cleartext_refusals')
      .addColumn('address', key, (column) => column.primaryKey().notNull())
      .execute();
  },
};
