import type { Kysely } from 'kysely';
import type { Tables } from '../store/tables.ts';
import type { RegistrationMode } from './policy.ts';

/** What the operator switched while the relay runs; it stays so over restarts. */
export interface Switches {
  /** Undefined: as the configuration says. */
  readonly registration: RegistrationMode | undefined;
  readonly isRestoring: boolean;
}

export async function readSwitches(db: Kysely<Tables>): Promise<Switches> {
  const rows = await db.selectFrom('switches').selectAll().execute();
  const values = new Map(rows.map(({ name, value }) => [name, value]));
  return { registration: parseMode(values.get('registration')), isRestoring: values.get('restoring') === 'yes' };
}

/** @param mode undefined: as the configuration says from now on. */
export async function switchRegistration(db: Kysely<Tables>, mode: RegistrationMode | undefined): Promise<void> {
  await put(db, 'registration', mode);
}

/** While a backup is put back, no address is free: its owner may be in the part that is still missing. */
export async function switchRestoring(db: Kysely<Tables>, isRestoring: boolean): Promise<void> {
  await put(db, 'restoring', isRestoring ? 'yes' : undefined);
}

async function put(db: Kysely<Tables>, name: string, value: string | undefined): Promise<void> {
  if (value === undefined) {
    await db.deleteFrom('switches').where('name', '=', name).execute();
    return;
  }
  await db
    .insertInto('switches')
    .values({ name, value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute();
}

/** A word that we do not know, from a newer version or a hand, closes: never open by accident. */
function parseMode(value: string | undefined): RegistrationMode | undefined {
  if (value === undefined || value === 'open' || value === 'invite') return value;
  return 'closed';
}
