import type { Kysely } from 'kysely';
import type { Store } from '../store/store.ts';
import type { Tables } from '../store/tables.ts';
import type { AccountSecrets } from './secrets.ts';

/** The one secret that there is; a table of names leaves room for more. */
const name = 'secret.key';

/**
 * Makes sure that proofs and tombstones in the database belong to this secret. The first one to come is noted; under
 * another one, deleted addresses would silently be free for strangers.
 *
 * @param path of the secret, for the message.
 * @throws RangeError when the secret was replaced.
 */
export async function agreeOnSecret(store: Store, secrets: AccountSecrets, path: string): Promise<void> {
  const known = (await store.read(findFingerprint)) ?? (await store.write((db) => note(db, secrets), name));
  if (known === secrets.fingerprint) return;
  throw new RangeError(
    `${path}: is not the secret that ${store.where} was used with, so that the addresses of deleted accounts could be taken by strangers. Put the right file back from the backup, or run "postern restore new-secret" if it is lost.`,
  );
}

/** Makes this secret the right one. What another one protected means nothing any more: it is dropped. */
export async function replaceSecret(store: Store, secrets: AccountSecrets): Promise<void> {
  await store.write(async (db) => {
    await db.deleteFrom('secrets').where('name', '=', name).execute();
    await db.deleteFrom('tombstones').execute();
    await db.updateTable('accounts').set({ proof: null }).where('proof', 'is not', null).execute();
    await note(db, secrets);
  }, name);
}

/** @returns the one that is noted: another process may have been faster. */
async function note(db: Kysely<Tables>, { fingerprint }: AccountSecrets): Promise<string> {
  await db
    .insertInto('secrets')
    .values({ name, fingerprint })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute();
  return (await findFingerprint(db)) ?? fingerprint;
}

async function findFingerprint(db: Kysely<Tables>): Promise<string | undefined> {
  const row = await db.selectFrom('secrets').select('fingerprint').where('name', '=', name).executeTakeFirst();
  return row?.fingerprint;
}
