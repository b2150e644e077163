import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AccountFilter } from '../../src/accounts/account-filter.ts';
import { Administration } from '../../src/accounts/administration.ts';
import type { Store } from '../../src/store/store.ts';
import { collect, testSecrets, testSettings } from './relay-fixture.ts';

export const now = Date.UTC(2026, 10, 22, 12);
export const today = now / 86_400_000 - 0.5;

/** An operator at an empty store, with a folder for mail and files. */
export class OperatorFixture {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'postern-operator-'));
  readonly store: Store;
  readonly operator: Administration;
  /** Whose sessions were ended, and whether the mail was still there. */
  readonly ended: { readonly user: string; readonly hadMail: boolean }[] = [];
  /** What happens while the operator waits for latecomers. */
  meanwhile: () => void = () => {};

  private constructor(store: Store) {
    const settings = { ...testSettings, homeOf: (user: string) => join(this.folder, 'mail', user) };
    this.store = store;
    this.operator = new Administration({
      store,
      settings,
      secrets: testSecrets,
      now: () => now,
      random: randomBytes,
      endSessions: async (user) => {
        this.ended.push({ user, hadMail: existsSync(settings.homeOf(user)) });
      },
      settle: async () => this.meanwhile(),
    });
  }

  static async begin(open: () => Promise<Store>): Promise<OperatorFixture> {
    const store = await open();
    await store.write(async (db) => {
      for (const table of ['accounts', 'tombstones', 'secrets', 'mail_usage'] as const)
        await db.deleteFrom(table).execute();
    });
    return new OperatorFixture(store);
  }

  async end(): Promise<void> {
    await this.operator.close();
    rmSync(this.folder, { recursive: true });
  }

  /** Puts an account into the store. */
  async write(local: string, changes: object = {}): Promise<void> {
    const row = { address: `${local}@chat.example`, password: '{LOCKED}', proof: null, created_day: today };
    await this.store.write((db) =>
      db
        .insertInto('accounts')
        .values({ reserved_until: null, ...row, ...changes })
        .execute(),
    );
  }

  /** The names of those that a filter chooses. */
  async selected(filter: AccountFilter): Promise<string[]> {
    return (await collect(this.operator.select(filter))).map(({ address }) => address.slice(0, address.indexOf('@')));
  }
}
