/** `npm run fuzz -- milter --runs N`: as many conversations as one likes, with the seed that repeats them; `--in-memory` for millions. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { fuzz } from './fuzzer.ts';

setFlagsFromString('--expose-gc');
globalThis.gc = runInNewContext('gc');
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '2000' },
    seed: { type: 'string' },
    'in-memory': { type: 'boolean', default: false },
  },
});
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 30) : Number(values.seed);
const folder = await mkdtemp(join(tmpdir(), 'milter-fuzz-'));
try {
  const report = await fuzz({
    runs: Number(values.runs),
    seed,
    folder: values['in-memory'] ? undefined : folder,
  });
  const grown = (report.grownBytes / 2 ** 20).toFixed(1);
  process.stdout.write(
    `milter: ${report.conversations} conversations, ${report.frames} frames, seed ${seed}, ${grown} MiB more memory: no breach\n`,
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
