/** `npm run fuzz -- milter --runs N`: as many conversations as one likes, with the seed that repeats them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fuzz } from './fuzzer.ts';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '2000' }, seed: { type: 'string' } } });
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
const folder = await mkdtemp(join(tmpdir(), 'milter-fuzz-'));
const before = process.memoryUsage().rss;
try {
  const report = await fuzz({ runs: Number(values.runs), seed, path: join(folder, 'fuzz.sock') });
  const grown = Math.round((process.memoryUsage().rss - before) / 2 ** 20);
  process.stdout.write(
    `milter: ${report.runs} conversations, ${report.frames} frames, seed ${seed}, ${grown} MiB more memory: no breach\n`,
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
