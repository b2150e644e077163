import type { KeyObject } from 'node:crypto';
import type { Store } from '../store/store.ts';
import { accountLock } from './creation.ts';
import { isMachineMade } from './machine-made.ts';
import type { Passwords } from './passwords.ts';
import { prove } from './proofs.ts';
import type { AccountRow } from './records.ts';
import { OverloadError } from './work-queue.ts';

/** What is not rehashed now is at the next login. */
const maxWaiting = 1_000;

export interface RehashingOptions {
  readonly store: Store;
  readonly passwords: Passwords;
  readonly proofKey: KeyObject;
  readonly rehashAfterMs: number;
  /** Told what came of it, so that it is remembered as the old one was. */
  readonly onRehashed: (password: Uint8Array, row: AccountRow) => void;
  readonly onFailure: (cause: unknown) => void;
}

/** Brings stored passwords to today's form after their owners were let in: nobody waits for it. One at a time. */
export class Rehashing {
  readonly #options: RehashingOptions;
  /** By address, what an account looked like when its right password came. */
  readonly #waiting = new Map<string, { readonly password: Uint8Array; readonly row: AccountRow }>();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  constructor(options: RehashingOptions) {
    this.#options = options;
  }

  /** @param password the right one for the row, which was checked. */
  note(password: Uint8Array, row: AccountRow): void {
    if (this.#waiting.size >= maxWaiting || !this.#options.passwords.isOutdated(row.password)) return;
    this.#waiting.set(row.address, { password: Uint8Array.from(password), row });
    this.#timer ??= setTimeout(() => {
      this.#running = this.#work();
    }, this.#options.rehashAfterMs).unref();
  }

  /** Finishes what has begun. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#waiting.clear();
    await this.#running;
  }

  async #work(): Promise<void> {
    for (const [address, { password, row }] of this.#waiting) {
      try {
        await this.#rehash(password, row);
      } catch (cause) {
        if (!(cause instanceof OverloadError)) this.#options.onFailure(cause);
      }
      this.#waiting.delete(address);
    }
    this.#timer = undefined;
  }

  async #rehash(password: Uint8Array, row: AccountRow): Promise<void> {
    const { store, passwords, proofKey, onRehashed } = this.#options;
    const { address } = row;
    const stored = await passwords.hash(password, new AbortController().signal);
    const proof = isMachineMade(password) ? prove(proofKey, { user: address, password, stored }) : undefined;
    const changes = { password: stored, proof: proof?.toString('base64url') ?? null };
    const isStored = await store.write(async (db) => {
      const query = db.updateTable('accounts').set(changes).where('address', '=', address);
      const same = query.where('password', '=', row.password);
      // A proof that is gone means that the secret was replaced: what we would write belongs to the old one.
      const result = await same.where('proof', row.proof === null ? 'is' : '=', row.proof).execute();
      return result.some(({ numUpdatedRows }) => numUpdatedRows > 0n);
    }, accountLock(address));
    if (isStored) onRehashed(password, { ...row, ...changes });
  }
}
