import { createHash } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Tables } from '../store/tables.ts';
import { pushLimits } from './limits.ts';

const form = /^openpgp:(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * Whether a text is a token as clients make them: encrypted for the notification service, so that we cannot tell whose
 * device it is, nor which kind.
 * Source: chatmail core src/push.rs encrypt_device_token().
 */
export function isDeviceToken(text: string): boolean {
  return text.length <= pushLimits.maxTokenBytes && form.test(text);
}

/** Adds a token, or notes that it was said again. @param day today, in days since 1970. */
export async function addToken(
  db: Kysely<Tables>,
  { address, token, day }: { readonly address: string; readonly token: string; readonly day: number },
): Promise<void> {
  await db
    .insertInto('device_tokens')
    .values({ address, id: idOf(token), token, set_day: day })
    .onConflict((conflict) => conflict.columns(['address', 'id']).doUpdateSet({ set_day: day }))
    .execute();
  const kept = db
    .selectFrom('device_tokens')
    .select('id')
    .where('address', '=', address)
    .orderBy('set_day', 'desc')
    .orderBy((order) => order.case().when('id', '=', idOf(token)).then(0).else(1).end())
    .limit(pushLimits.maxTokens);
  await db.deleteFrom('device_tokens').where('address', '=', address).where('id', 'not in', kept).execute();
}

/** The tokens of an account that are still good. */
export async function tokensOf(db: Kysely<Tables>, address: string, day: number): Promise<string[]> {
  const rows = await db
    .selectFrom('device_tokens')
    .select('token')
    .where('address', '=', address)
    .where('set_day', '>', day - pushLimits.tokenDays)
    .orderBy('set_day')
    .execute();
  return rows.map(({ token }) => token);
}

export async function removeTokens(db: Kysely<Tables>, address: string): Promise<void> {
  await db.deleteFrom('device_tokens').where('address', '=', address).execute();
}

/** Forgets the tokens that no device has said for too long. */
export async function removeOldTokens(db: Kysely<Tables>, day: number): Promise<void> {
  await db
    .deleteFrom('device_tokens')
    .where('set_day', '<=', day - pushLimits.tokenDays)
    .execute();
}

function idOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
