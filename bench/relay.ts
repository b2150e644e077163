/**
 * `npm run bench -- relay [--part expiry …] [--accounts N]`: what a whole relay costs. `expiry`: removing what is too old
 * and making room, with many accounts.
 */
import { parseArgs } from 'node:util';
import { ensureEngine } from '@postern/docker';
import { type BenchRow, report } from './harness.ts';
import { measureExpiry } from './relay/expiry.ts';

process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
const { values } = parseArgs({
  options: {
    part: { type: 'string', multiple: true, default: ['expiry'] },
    accounts: { type: 'string', default: '100000' },
  },
});
const parts: Readonly<Record<string, () => Promise<readonly BenchRow[]>>> = {
  expiry: () => measureExpiry(Number(values.accounts)),
};

await ensureEngine();
const rows: BenchRow[] = [];
for (const name of values.part) {
  const measure = parts[name];
  if (measure === undefined) throw new RangeError(`there is no part ${name}, only ${Object.keys(parts).join(', ')}`);
  rows.push(...(await measure()));
}
await report('relay', rows);
