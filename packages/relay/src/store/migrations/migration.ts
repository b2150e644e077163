import type { Transaction } from 'kysely';
import type { StoreKind } from '../store.ts';
import type { Tables } from '../tables.ts';

/**
 * One step of the schema. Steps are never changed once released, only added at the end of the list in `index.ts`.
 * All of them run in the one transaction that also notes them as done.
 */
export interface Migration {
  /** Noted in the database; a released name never changes. */
  readonly name: string;
  /** `transaction` is typed with the newest tables; a step uses its schema builder and `sql`, never those types. */
  up(transaction: Transaction<Tables>, kind: StoreKind): Promise<void>;
}
