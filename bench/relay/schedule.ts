import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fill } from '../../integration/src/accounts/bench-accounts.ts';
import { expire, type ExpiryReport } from '../../packages/relay/src/expiry/expire.ts';
import { openStore } from '../../packages/relay/src/store/store.ts';
import { type BenchRow, row } from '../harness.ts';

const days = { mailDays: 20, largeMailDays: 7, unusedAccountDays: 0 };
const rules = { ...days, largeMailBytes: 200_000, mailboxBytes: 0, evictAbovePercent: 75, evictToPercent: 65 };
/** No Dovecot: mailboxes in which nothing is. What is left is what it costs to know which of them to look at. */
const empty = { list: async () => new Map(), remove: async () => {}, usage: async () => new Map() };

/** What the database costs that says when to look where. */
export async function measureSchedule(accounts: number): Promise<readonly BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-bench-'));
  const store = await openStore({ kind: 'sqlite', path: join(folder, 'postern.db') });
  try {
    await fill(store, 0, accounts);
    let now = Date.now();
    const run = async (looked: number): Promise<number> => {
      const startedAt = performance.now();
      const removeUnused = async (): Promise<{ removed: number; failed: number }> => ({ removed: 0, failed: 0 });
      const report: ExpiryReport = await expire({ store, rules, mailboxes: empty, now: () => now, removeUnused });
      if (report.mailboxes !== looked) throw new Error(JSON.stringify(report));
      return (performance.now() - startedAt) / 1_000;
    };
    const first = await run(accounts);
    now += 3_600_000;
    const idle = await run(0);
    const due = Math.ceil(accounts / 20);
    await store.write((db) => {
      const some = db.selectFrom('mailbox_visits').select('address').limit(due);
      return db.updateTable('mailbox_visits').set({ visit_at: 0 }).where('address', 'in', some).execute();
    });
    const day = await run(due);
    const name = `${accounts.toLocaleString('en')} accounts, in the database alone:`;
    return [
      row({ name: `${name} each noted and looked at for the first time`, value: first, unit: 's' }),
      row({ name: `${name} nothing due`, value: idle, unit: 's' }),
      row({ name: `${name} ${due.toLocaleString('en')} due`, value: day, unit: 's' }),
    ];
  } finally {
    await store.close();
    rmSync(folder, { recursive: true });
  }
}
