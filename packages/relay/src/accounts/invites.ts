import { createHash } from 'node:crypto';
import type { Kysely, Selectable } from 'kysely';
import type { InvitesTable, Tables } from '../store/tables.ts';

/** An invite as an operator sees it; its token was shown once, when it was made. */
export type InviteRow = Readonly<Omit<Selectable<InvitesTable>, 'token_hash'>>;

export interface NewInvite {
  readonly maxUses: number;
  /** Seconds since 1970; null: never. */
  readonly expiresAt: number | null;
  readonly note: string | null;
}

const tokenBytes = 16; // nobody guesses 128 bits, so a plain hash keeps them
const idBytes = 4;

/** @returns the token, which is stored as a hash only and cannot be shown again, and the id by which to revoke it. */
export async function insertInvite(
  db: Kysely<Tables>,
  invite: NewInvite,
  options: { readonly random: (size: number) => Uint8Array; readonly seconds: number },
): Promise<{ readonly id: string; readonly token: string }> {
  const token = Buffer.from(options.random(tokenBytes)).toString('base64url');
  const id = Buffer.from(options.random(idBytes)).toString('hex');
  await db
    .insertInto('invites')
    .values({
      id,
      token_hash: hashOf(token),
      note: invite.note,
      max_uses: invite.maxUses,
      created_at: options.seconds,
      expires_at: invite.expiresAt,
    })
    .execute();
  return { id, token };
}

export async function listInvites(db: Kysely<Tables>): Promise<readonly InviteRow[]> {
  return await db
    .selectFrom('invites')
    .select(['id', 'note', 'max_uses', 'uses', 'created_at', 'expires_at', 'revoked_at'])
    .orderBy('created_at')
    .orderBy('id')
    .execute();
}

/** @returns whether there was one to revoke. */
export async function revokeInvite(db: Kysely<Tables>, id: string, seconds: number): Promise<boolean> {
  const query = db.updateTable('invites').set({ revoked_at: seconds }).where('id', '=', id);
  const result = await query.where('revoked_at', 'is', null).executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** Whether an invite can be used at this moment. */
export function isUsable(row: InviteRow, seconds: number): boolean {
  return row.revoked_at === null && row.uses < row.max_uses && (row.expires_at === null || row.expires_at > seconds);
}

export async function findInvite(db: Kysely<Tables>, token: string): Promise<InviteRow | undefined> {
  return await db.selectFrom('invites').selectAll().where('token_hash', '=', hashOf(token)).executeTakeFirst();
}

/** Takes one use, if one is left: one statement, so that two who come for the last one do not both get it. */
export async function useInvite(db: Kysely<Tables>, token: string, seconds: number): Promise<boolean> {
  const result = await db
    .updateTable('invites')
    .set((expression) => ({ uses: expression('uses', '+', 1) }))
    .where('token_hash', '=', hashOf(token))
    .where('revoked_at', 'is', null)
    .whereRef('uses', '<', 'max_uses')
    .where((expression) =>
      expression.or([expression('expires_at', 'is', null), expression('expires_at', '>', seconds)]),
    )
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
