/**
 * `npm run bench -- relay [--part schedule|expiry|sending|incoming …] [--accounts N]`: what a whole relay costs. `schedule`: knowing in which
 * mailboxes something is too old; `expiry`: removing it, and making room;
 * `sending`, `incoming`: what passes.
 */
import { parseArgs } from 'node:util';
import { ensureEngine } from '@postern/docker';
import { type BenchRow, report } from './harness.ts';
import { measureExpiry } from './relay/expiry.ts';
import { measureSchedule } from './relay/schedule.ts';
import { measureIncoming, measureSending } from './relay/traffic.ts';

process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
const { values } = parseArgs({
  options: {
    part: { type: 'string', multiple: true, default: ['schedule', 'expiry', 'sending', 'incoming'] },
    accounts: { type: 'string', default: '100000' },
  },
});
const parts: Readonly<Record<string, () => Promise<readonly BenchRow[]>>> = {
  schedule: () => measureSchedule(Number(values.accounts)),
  expiry: () => measureExpiry(Number(values.accounts)),
  sending: measureSending,
  incoming: measureIncoming,
};

await ensureEngine();
const rows: BenchRow[] = [];
for (const name of values.part) {
  const measure = parts[name];
  if (measure === undefined) throw new RangeError(`there is no part ${name}, only ${Object.keys(parts).join(', ')}`);
  rows.push(...(await measure()));
}
await report('relay', rows);
