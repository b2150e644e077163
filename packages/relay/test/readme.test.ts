import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const here = import.meta.dirname;

it("the README's program runs and prints what it says", async () => {
  const readme = await readFile(join(here, '../README.md'), 'utf8');
  const program = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  // Inside the package, so that its own name resolves.
  const folder = await mkdtemp(join(here, 'readme-'));
  try {
    await writeFile(join(folder, 'program.ts'), program);
    const run = promisify(execFile);
    const { stdout } = await run('node', ['--conditions=@postern/source', join(folder, 'program.ts')]);
    expect(stdout).toBe(
      `60 messages a minute\n{ kind: 'sqlite', path: '/var/lib/postern/postern.db' } https://chat.example.org\n`,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});
