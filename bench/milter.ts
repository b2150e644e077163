/** `npm run bench -- milter [postfix|library|memory]`: what a filter costs; all of it, or one part. */
import { type BenchRow, report } from './harness.ts';
import { libraryAlone } from './milter/library.ts';
import { memory } from './milter/memory.ts';
import { throughPostfix } from './milter/postfix.ts';

const parts: Readonly<Record<string, () => Promise<BenchRow[]>>> = {
  postfix: throughPostfix,
  library: libraryAlone,
  memory,
};

const [wanted] = process.argv.slice(2);
if (wanted !== undefined && parts[wanted] === undefined) {
  throw new RangeError(`there is no part "${wanted}"; there are ${Object.keys(parts).join(', ')}`);
}
const rows: BenchRow[] = [];
for (const [name, measure] of Object.entries(parts)) {
  if (wanted === undefined || wanted === name) rows.push(...(await measure()));
}
await report(wanted === undefined ? 'milter' : `milter-${wanted}`, rows);
