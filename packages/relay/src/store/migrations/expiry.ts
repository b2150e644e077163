import { sql } from 'kysely';
import type { Migration } from './migration.ts';

export const expiry: Migration = {
  name: '2026-11-expiry',
  async up(transaction, kind) {
    const key = kind === 'sqlite' ? sql`text` : sql`text collate "C"`;
    const visits = transaction.schema
      .createTable('mailbox_visits')
      .addColumn('address', key, (column) =>
        column.primaryKey().notNull().references('accounts.address').onDelete('cascade'),
      )
      .addColumn('visit_at', 'bigint', (column) => column.notNull());
    await (kind === 'sqlite' ? visits.modifyEnd(sql`without rowid`) : visits).execute();
    await transaction.schema.createIndex('mailbox_visits_visit_at').on('mailbox_visits').column('visit_at').execute();
    await transaction.schema
      .createTable('leftover_mail')
      .addColumn('address', key, (column) => column.primaryKey().notNull())
      .execute();
    await transaction.schema
      .createTable('expiry_state')
      .addColumn('name', key, (column) => column.primaryKey().notNull())
      .addColumn('value', 'text', (column) => column.notNull())
      .execute();
  },
};
