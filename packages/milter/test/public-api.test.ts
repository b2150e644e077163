import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../../..');
const packageFolder = join(import.meta.dirname, '..');
const bin = join(root, 'node_modules/.bin');
const environment = { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` };
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'milter-api-'));
  const emit = [
    '--composite',
    'false',
    '--incremental',
    'false',
    '--declaration',
    '--emitDeclarationOnly',
    '--declarationMap',
    'false',
  ];
  await run('tsc', ['-p', packageFolder, ...emit, '--outDir', folder], { env: environment });
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The declarations that somebody who imports an entry can reach, without their comments. */
async function declarations(entry: string): Promise<string> {
  const seen = new Map<string, string>();
  const visit = async (file: string): Promise<void> => {
    if (seen.has(file)) return;
    const text = (await readFile(file, 'utf8')).replaceAll(/\/\*\*.*?\*\/\n?\s*/gs, '').replaceAll(/\/\/#.*\n?/g, '');
    seen.set(file, text);
    for (const [, specifier = ''] of text.matchAll(/from '(\.[^']+)'/g)) {
      await visit(join(dirname(file), specifier.replace(/\.[jt]s$/, '.d.ts')));
    }
  };
  await visit(join(folder, entry));
  const files = [...seen].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return files.map(([file, text]) => `// ${relative(folder, file)}\n${text.trim()}\n`).join('\n');
}

describe('the public API', () => {
  // A change on purpose: `npx vitest run --project unit packages/milter/test/public-api -u`, and a line in the changelog.
  it.each(['index', 'testing/index'])('of %s is the one that was agreed on', async (entry) => {
    const report = join(packageFolder, `api/${entry.replace('/', '-')}.txt`);
    await expect(await declarations(`${entry}.d.ts`)).toMatchFileSnapshot(report);
  });
});

// Whether it is well-formed for publint and attw, `npm run lint` says (scripts/check-packages).
describe('the package', () => {
  it('has no dependencies', async () => {
    const manifest: unknown = JSON.parse(await readFile(join(packageFolder, 'package.json'), 'utf8'));
    expect(manifest).not.toHaveProperty('dependencies');
  });
});
