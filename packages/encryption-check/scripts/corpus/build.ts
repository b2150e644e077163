/*
 * node --conditions=@postern/source packages/encryption-check/scripts/corpus/build.ts [--genuine] [--captured DIRECTORY]
 *
 * Writes corpus/: always the tricks and the manifest; with --genuine the messages of OpenPGP.js and GnuPG anew; with
 * --captured those that scripts/capture/run.ts wrote to a directory.
 */
import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { genuineMessages } from './genuine.ts';
import { manifest } from './manifest.ts';
import { allTricks } from './tricks/index.ts';

const corpus = join(import.meta.dirname, '../../corpus');
const { values } = parseArgs({ options: { genuine: { type: 'boolean' }, captured: { type: 'string' } } });

await rm(join(corpus, 'tricks'), { recursive: true, force: true });
for (const [group, tricks] of allTricks) {
  await writeAll(`tricks/${group}`, tricks);
}
if (values.genuine === true) {
  for (const [group, messages] of await genuineMessages()) {
    await rm(join(corpus, 'genuine', group), { recursive: true, force: true });
    await writeAll(`genuine/${group}`, messages);
  }
}
if (values.captured !== undefined) {
  await rm(join(corpus, 'genuine/delta-chat'), { recursive: true, force: true });
  await cp(values.captured, join(corpus, 'genuine/delta-chat'), { recursive: true });
}
const files = (await readdir(join(corpus, 'genuine'), { recursive: true })).filter((name) => name.endsWith('.eml'));
await writeFile(join(corpus, 'manifest.json'), `${JSON.stringify(manifest(files), null, 2)}\n`);

async function writeAll(directory: string, messages: readonly { readonly name: string; readonly raw: Buffer }[]): Promise<void> {
  await mkdir(join(corpus, directory), { recursive: true });
  for (const { name, raw } of messages) await writeFile(join(corpus, directory, `${name}.eml`), raw);
}
