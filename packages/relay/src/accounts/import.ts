import type { Kysely } from 'kysely';
import type { Store } from '../store/store.ts';
import type { Tables } from '../store/tables.ts';
import { normalizeUser } from './address.ts';
import type { Found } from './import-sources.ts';
import { isLocked } from './passwords.ts';
import { isOurs, type NameRules } from './policy.ts';
import type { AccountRow } from './records.ts';
import { tombstoneOf } from './tombstones.ts';

/** What an import did, or would do. */
export interface ImportReport {
  readonly added: number;
  /** There already, with the same password. */
  readonly same: number;
  /** There already with another password, and left as it is. */
  readonly kept: number;
  /** Of the added: without a password that can be checked, so that nobody can log in until the account is deleted. */
  readonly locked: number;
  readonly refused: readonly { readonly where: string; readonly why: string }[];
}

const batchSize = 500;

export interface ImportOptions {
  readonly store: Store;
  readonly rules: NameRules;
  readonly tombstoneKey: Uint8Array;
  readonly isDryRun: boolean;
  readonly onProgress: (done: number) => void;
}

/** Adds accounts that are not there; nothing that is there changes. Batches are short, so that logins go on meanwhile. */
export async function importAccounts(found: AsyncIterable<Found>, options: ImportOptions): Promise<ImportReport> {
  const report = { added: 0, same: 0, kept: 0, locked: 0, refused: [] as { where: string; why: string }[] };
  let done = 0;
  let batch = new Map<string, AccountRow>();
  const flush = async (): Promise<void> => {
    const rows = [...batch.values()];
    batch = new Map();
    const { existing, added } = await addMissing(rows, options);
    for (const row of rows) {
      const password = existing.get(row.address);
      if (password === undefined) report.locked += isLocked(row.password) ? 1 : 0;
      else if (password === row.password) report.same += 1;
      else report.kept += 1;
    }
    report.added += added;
    options.onProgress(done);
  };
  for await (const item of found) {
    done += 1;
    if (item.kind === 'unreadable') {
      report.refused.push({ where: item.where, why: item.why });
      continue;
    }
    const row = { ...item.row, address: normalizeUser(item.row.address) };
    if (!isOurs(row.address, options.rules)) {
      report.refused.push({ where: row.address, why: `not an address at ${options.rules.domain}` });
    } else if (batch.has(row.address)) {
      report.refused.push({ where: row.address, why: 'there twice' });
    } else {
      batch.set(row.address, row);
    }
    if (batch.size >= batchSize) await flush();
  }
  await flush();
  return report;
}

async function addMissing(
  rows: readonly AccountRow[],
  { store, isDryRun, tombstoneKey }: ImportOptions,
): Promise<{ readonly existing: ReadonlyMap<string, string>; readonly added: number }> {
  if (rows.length === 0) return { existing: new Map(), added: 0 };
  const addresses = rows.map(({ address }) => address);
  if (isDryRun) {
    const existing = await store.read((db) => passwordsOf(db, addresses));
    return { existing, added: rows.length - existing.size };
  }
  return await store.write(async (db) => {
    const existing = await passwordsOf(db, addresses);
    const missing = rows.filter(({ address }) => !existing.has(address));
    if (missing.length === 0) return { existing, added: 0 };
    const hashes = missing.map(({ address }) => tombstoneOf(tombstoneKey, address));
    // The operator says whose address it is.
    await db.deleteFrom('tombstones').where('address_hash', 'in', hashes).execute();
    const result = await db
      .insertInto('accounts')
      .values(missing)
      .onConflict((conflict) => conflict.column('address').doNothing())
      .executeTakeFirst();
    return { existing, added: Number(result.numInsertedOrUpdatedRows ?? 0n) };
  });
}

async function passwordsOf(db: Kysely<Tables>, addresses: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const query = db.selectFrom('accounts').select(['address', 'password']).where('address', 'in', addresses);
  return new Map((await query.execute()).map(({ address, password }) => [address, password]));
}
