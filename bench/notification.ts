import { measureNotification } from '../integration/src/delivery/notification.ts';
import type { TestRelay } from '../integration/src/relay.ts';
import { type BenchRow, median, percentile, row } from './harness.ts';

/** How long after Dovecot has taken a message its reader, awake or asleep, hears of it. */
export async function notificationRows(relay: TestRelay): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const state of ['awake', 'hibernated'] as const) {
    const times = await measureNotification(relay, state, 4);
    const name = `LMTP 250 to EXISTS, client ${state}, n = ${times.length}`;
    rows.push(row({ name: `${name}, median`, value: median(times), unit: 'ms' }));
    const target = { kind: 'at most', limit: 30, of: 'value' } as const;
    rows.push(row({ name: `${name}, p99`, value: percentile(times, 99), unit: 'ms', target }));
  }
  return rows;
}
