import { createHmac } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Tables } from '../store/tables.ts';

/**
 * Remembers that an address existed, so that no stranger gets the mail meant for whoever had it. Only a keyed hash is
 * kept: the database does not tell who was here.
 */
export function tombstoneOf(key: Uint8Array, address: string): string {
  return createHmac('sha256', key).update(address).digest('base64url');
}

/** @param seconds now. */
export async function isTombstoned(db: Kysely<Tables>, hash: string, seconds: number): Promise<boolean> {
  const row = await db
    .selectFrom('tombstones')
    .select('expires_at')
    .where('address_hash', '=', hash)
    .where('expires_at', '>', seconds)
    .executeTakeFirst();
  return row !== undefined;
}

export async function buryAddresses(db: Kysely<Tables>, hashes: readonly string[], expiresAt: number): Promise<void> {
  if (hashes.length === 0) return;
  await db
    .insertInto('tombstones')
    .values(hashes.map((hash) => ({ address_hash: hash, expires_at: expiresAt })))
    .onConflict((conflict) => conflict.column('address_hash').doUpdateSet({ expires_at: expiresAt }))
    .execute();
}

/** Forgets those whose time is over. @returns how many. */
export async function clearTombstones(db: Kysely<Tables>, seconds: number): Promise<number> {
  const result = await db.deleteFrom('tombstones').where('expires_at', '<=', seconds).executeTakeFirst();
  return Number(result.numDeletedRows);
}
