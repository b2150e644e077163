import type { Kysely } from 'kysely';
import type { Tables } from '../store/tables.ts';

/** Which users take no mail from other servers unless it is encrypted. */
export interface CleartextPreferences {
  /** @throws StoreError when nobody knows. */
  refuses(address: string): Promise<boolean>;
}

export async function refusesCleartext(db: Kysely<Tables>, address: string): Promise<boolean> {
  const row = await db
    .selectFrom('cleartext_refusals')
    .select('address')
    .where('address', '=', address.toLowerCase())
    .executeTakeFirst();
  return row !== undefined;
}

/** What a user wants for their own address; it is in force for the next message. */
export async function setCleartextRefusal(db: Kysely<Tables>, address: string, refuses: boolean): Promise<void> {
  const key = { address: address.toLowerCase() };
  if (refuses) {
    await db
      .insertInto('cleartext_refusals')
      .values(key)
      .onConflict((conflict) => conflict.column('address').doNothing())
      .execute();
  } else {
    await db.deleteFrom('cleartext_refusals').where('address', '=', key.address).execute();
  }
}
