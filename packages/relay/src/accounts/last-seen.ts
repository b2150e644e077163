import type { Store } from '../store/store.ts';
import { accountLock } from './creation.ts';
import type { AccountRow } from './records.ts';

type SeenColumn = 'last_imap_day' | 'last_smtp_day';

const flushAfterMs = 1_000;
/** Below SQLite's and PostgreSQL's limits for parameters, and short enough to let others write in between. */
const maxPerWrite = 500;

/** Notes the day on which somebody last logged in, many at a time: after a restart everybody comes at once. */
export class LastSeen {
  readonly #store: Store;
  readonly #onError: (cause: unknown) => void;
  readonly #pending = new Map<string, { readonly column: SeenColumn; readonly day: number; addresses: Set<string> }>();
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> = Promise.resolve();

  constructor(store: Store, onError: (cause: unknown) => void) {
    this.#store = store;
    this.#onError = onError;
  }

  /** @param service as Dovecot or Postfix names it; sending counts as SMTP, everything else as IMAP. */
  note(row: AccountRow, service: string, day: number): void {
    const column = columnOf(service);
    if (row[column] === day) return;
    const group = `${column} ${day}`;
    const pending = this.#pending.get(group) ?? { column, day, addresses: new Set<string>() };
    pending.addresses.add(row.address);
    this.#pending.set(group, pending);
    this.#timer ??= setTimeout(() => void this.flush(), flushAfterMs).unref();
  }

  /**
   * Notes it before anything else happens.
   *
   * @returns whether the account is still there. @throws StoreError
   */
  async noteNow(row: AccountRow, service: string, day: number): Promise<boolean> {
    return await this.#store.write(async (db) => {
      const query = db.updateTable('accounts').set(columnOf(service), day).where('address', '=', row.address);
      return (await query.executeTakeFirst()).numUpdatedRows > 0n;
    }, accountLock(row.address));
  }

  /** Writes what was noted. A failure is reported and what it concerned forgotten: the next login notes it again. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const groups = [...this.#pending.values()];
    this.#pending.clear();
    this.#flushing = this.#flushing.then(() => this.#write(groups)).catch(this.#onError);
    await this.#flushing;
  }

  async #write(
    groups: readonly { readonly column: SeenColumn; readonly day: number; readonly addresses: ReadonlySet<string> }[],
  ): Promise<void> {
    for (const { column, day, addresses } of groups) {
      const all = [...addresses].sort(); // everybody in the same order, so that two hosts never wait for each other
      for (let from = 0; from < all.length; from += maxPerWrite) {
        const some = all.slice(from, from + maxPerWrite);
        await this.#store.write(async (db) => {
          await db.updateTable('accounts').set(column, day).where('address', 'in', some).execute();
        });
      }
    }
  }
}

function columnOf(service: string): SeenColumn {
  return /^(smtp|submission)/.test(service) ? 'last_smtp_day' : 'last_imap_day';
}
