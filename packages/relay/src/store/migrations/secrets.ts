import { sql } from 'kysely';
import type { Migration } from './migration.ts';

export const secrets: Migration = {
  name: '2026-11-secrets',
  async up(transaction, kind) {
    const key = kind === 'sqlite' ? sql`text` : sql`text collate "C"`;
    await transaction.schema
      .createTable('secrets')
      .addColumn('name', key, (column) => column.primaryKey().notNull())
      .addColumn('fingerprint', 'text', (column) => column.notNull())
      .execute();
  },
};
