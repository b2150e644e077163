import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const root = join(import.meta.dirname, '../../..');
const main = join(root, 'packages/cli/src/main.ts');

/** Taking the types out of a few hundred files takes longer than most commands do: Node keeps what came of it. */
const env = { ...process.env, NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/node') };

export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: unknown;
}

/** Runs the command line in a process of its own, as people do. */
export async function postern(args: readonly string[], input?: Uint8Array): Promise<Outcome> {
  const child = spawn(process.execPath, ['--conditions=@postern/source', main, ...args], { env });
  child.stdin.end(input);
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { stdout, stderr, code };
}
