import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The no-op filter in a process of its own, on this machine. */
export interface FilterProcess extends AsyncDisposable {
  readonly path: string;
  /** What is held, after a collection; or what is taken, with what has not been collected yet. */
  memory(what: 'held' | 'taken'): Promise<{ heapUsed: number; external: number; rss: number }>;
}

const filterProgram = join(import.meta.dirname, '../../packages/milter/bench/filter.ts');

export async function startFilter(): Promise<FilterProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-milter-'));
  const path = join(folder, 'observing.sock');
  const child = fork(filterProgram, [folder], {
    execArgv: ['--conditions=@postern/source', '--expose-gc'],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  if (child.stdout !== null) await once(child.stdout, 'data');
  return {
    path,
    async memory(what) {
      child.send(what);
      const [usage] = await once(child, 'message');
      return usage;
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
