import http from 'node:http';
import { join } from 'node:path';
import { build, type Plugin } from 'rolldown';

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
 * `node:http` without what is made when it is looked at. Whoever imports it as an ES module looks at all of it, and
 * with its WebSocket comes the whole of `fetch`: 14 MB of memory and 80 ms for each process.
 */
const leanHttp: Plugin = {
  name: 'lean-http',
  resolveId: (id, _, { kind }) => (id === 'node:http' && kind === 'import-statement' ? '\0lean-http' : undefined),
  load: (id) => {
    if (id !== '\0lean-http') return undefined;
    const properties = Object.entries(Object.getOwnPropertyDescriptors(http));
    const plain = properties.filter(([, property]) => 'value' in property).map(([name]) => name);
    return `export const { ${plain.join(', ')} } = process.getBuiltinModule('node:http');`;
  },
};

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
    plugins: [leanHttp],
    platform: 'node',
    resolve: { conditionNames: ['@postern/source', 'node'] },
    output: { dir: folder, format: 'esm', entryFileNames: '[name].js' },
    logLevel: 'silent',
  });
}
