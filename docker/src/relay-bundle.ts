import { join } from 'node:path';
import { build } from 'rolldown';

/** The programs of a relay, by the names of the files that they look for beside themselves. */
const programs = { main: 'packages/cli/src/main.ts', 'filter-worker': 'packages/relay/src/services/filter-worker.ts' };

/** Stay in node_modules: native code, what reads files of its own, and what only an operator's tools load. */
const external = [
  '@deltachat/jsonrpc-client',
  'argon2',
  'better-sqlite3',
  'fontkit',
  'mailparser',
  'openpgp',
  'pdfkit',
];

/**
 * Puts the programs of a relay into a folder, straight from their TypeScript sources, in few files instead of hundreds:
 * each of a relay's processes starts in a third of the time, which on a small machine is seconds.
 */
export async function bundlePrograms(root: string, folder: string): Promise<void> {
  const input = Object.entries(programs).map(([name, path]) => [name, join(root, path)]);
  await build({
    cwd: root,
    input: Object.fromEntries(input),
    external,
    platform: 'node',
    resolve: { conditionNames: ['@postern/source', 'node'] },
    output: { dir: folder, format: 'esm', entryFileNames: '[name].js' },
    logLevel: 'silent',
  });
}
