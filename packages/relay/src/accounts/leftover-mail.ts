import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Kysely } from 'kysely';
import type { Store } from '../store/store.ts';
import type { Tables } from '../store/tables.ts';
import { isOurs } from './policy.ts';
import { findAccount } from './records.ts';
import type { AccountSettings } from './settings.ts';

/**
 * Notes, in the transaction that removes an account, that its mail is still there. Who has the address next, after the
 * tombstone, must not find any of it: neither when we are killed before the folder is gone, nor when a message that was
 * on its way made it anew.
 */
export async function noteLeftover(db: Kysely<Tables>, address: string): Promise<void> {
  await db
    .insertInto('leftover_mail')
    .values({ address })
    .onConflict((conflict) => conflict.column('address').doNothing())
    .execute();
}

/**
 * Removes what is left, and forgets whose it was once there was nothing any more. Mail of an account that is back, by an
 * import, is its own again.
 */
export async function removeLeftovers(store: Store, settings: AccountSettings): Promise<void> {
  const rows = await store.read((db) => db.selectFrom('leftover_mail').select('address').execute());
  for (const { address } of rows) {
    const home = settings.homeOf(address);
    const isBack = (await store.read((db) => findAccount(db, address))) !== undefined;
    if (!isBack && isOurs(address, settings) && existsSync(home)) await rm(home, { recursive: true, force: true });
    else await store.write((db) => db.deleteFrom('leftover_mail').where('address', '=', address).execute());
  }
}
