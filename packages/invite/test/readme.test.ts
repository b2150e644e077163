import { readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const folder = join(import.meta.dirname, '..');

describe("the README's program", () => {
  it('runs as it stands, in at most 25 lines', () => {
    const program = /```ts\n([^]*?)```/.exec(readFileSync(join(folder, 'README.md'), 'utf8'))?.[1] ?? '';
    expect(program.trim().split('\n').length).toBeLessThanOrEqual(25);
    const work = mkdtempSync(join(folder, 'test', 'readme-'));
    try {
      writeFileSync(join(work, 'program.ts'), program);
      const output = execFileSync(process.execPath, ['--conditions=@postern/source', 'program.ts'], {
        cwd: work,
        encoding: 'utf8',
      });
      expect(output).toContain('DCACCOUNT:chat.example.org');
      expect(readdirSync(work).toSorted()).toEqual(['code.png', 'code.svg', 'poster.pdf', 'program.ts']);
    } finally {
      rmSync(work, { recursive: true });
    }
  });
});
