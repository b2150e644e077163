/** `npm run bench -- milter [library|memory|no-op|no-op-connections|postfix]`: what a filter costs; all of it, or one part. */
import { type BenchRow, report } from './harness.ts';
import { libraryAlone } from './milter/library.ts';
import { memory } from './milter/memory.ts';
import { throughPostfix, withinThreePercent } from './milter/postfix.ts';

const parts: Readonly<Record<string, () => Promise<BenchRow[]>>> = {
  library: libraryAlone,
  memory,
  'no-op': () => withinThreePercent('connections kept'),
  'no-op-connections': () => withinThreePercent('a connection for each message'),
  postfix: throughPostfix,
};

const [wanted] = process.argv.slice(2);
if (wanted !== undefined && parts[wanted] === undefined) {
  throw new RangeError(`there is no part "${wanted}"; there are ${Object.keys(parts).join(', ')}`);
}
// A report for each part: what was measured is not lost when a later part fails.
for (const [name, measure] of Object.entries(parts)) {
  if (wanted === undefined || wanted === name) await report(`milter-${name}`, await measure());
}
