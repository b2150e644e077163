import { type Kysely, sql } from 'kysely';
import { StoreError } from './errors.ts';
import type { Migration } from './migrations/migration.ts';
import type { StoreKind } from './store.ts';
import type { Tables } from './tables.ts';

/** The one table that no migration makes. */
type VersionTable = { schema_migrations: { step: number; name: string } };

/** Any number that nothing else in the database uses as an advisory lock: "postern" on a telephone's keys. */
const migrationLock = 7_678_376;

/**
 * Brings the schema up to date: whatever is missing is applied in one transaction, by whichever process comes first.
 *
 * @throws StoreError `newer-schema` when the database knows steps that this version does not, and changes nothing.
 */
export async function migrate(
  db: Kysely<Tables>,
  options: { kind: StoreKind; where: string; migrations: readonly Migration[] },
): Promise<void> {
  const { kind, where, migrations } = options;
  await db.transaction().execute(async (transaction) => {
    if (kind === 'postgresql') await sql`select pg_advisory_xact_lock(${migrationLock})`.execute(transaction);
    await transaction.schema
      .createTable('schema_migrations')
      .ifNotExists()
      .addColumn('step', 'integer', (column) => column.primaryKey())
      .addColumn('name', 'text', (column) => column.notNull())
      .execute();
    const versions = transaction.withTables<VersionTable>();
    const applied = await versions.selectFrom('schema_migrations').selectAll().orderBy('step').execute();
    const unknown = applied.find(({ step, name }) => migrations[step - 1]?.name !== name);
    if (unknown !== undefined) {
      throw new StoreError(
        'newer-schema',
        `${where}: was last used by a newer Postern (its schema has the step ${unknown.step} "${unknown.name}", this version knows ${migrations.length}). Upgrade Postern here too; nothing was changed.`,
      );
    }
    for (const [at, migration] of migrations.entries()) {
      if (at < applied.length) continue;
      await migration.up(transaction, kind);
      await versions
        .insertInto('schema_migrations')
        .values({ step: at + 1, name: migration.name })
        .execute();
    }
  });
}
