import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const program = join(root, 'examples/check.ts');
const run = promisify(execFile);

async function check(file: string): Promise<{ readonly stdout: string; readonly code: number }> {
  try {
    const { stdout } = await run(process.execPath, [
      '--conditions=@postern/source',
      program,
      join(root, 'corpus', file),
    ]);
    return { stdout, code: 0 };
  } catch (error) {
    if (error instanceof Error && 'stdout' in error && 'code' in error)
      return { stdout: String(error.stdout), code: Number(error.code) };
    throw error;
  }
}

describe('the program in the README', () => {
  it('is the one in examples/, and has at most 25 lines', async () => {
    const source = await readFile(program, 'utf8');
    expect(await readFile(join(root, 'README.md'), 'utf8')).toContain(`\`\`\`ts\n${source}\`\`\``);
    expect(source.trimEnd().split('\n').length).toBeLessThanOrEqual(25);
  });

  it('tells what it finds', async () => {
    expect(await check('genuine/delta-chat/text.eml')).toEqual({
      code: 0,
      stdout: "encrypted, SEIPD version 2 { 'PKESK v3': 0, 'PKESK v6': 2, 'SKESK v4': 0, 'SKESK v6': 0 }\n",
    });
    expect(await check('genuine/delta-chat/legacy-vg-request.eml')).toEqual({
      code: 0,
      stdout: 'a SecureJoin request: vg-request\n',
    });
    expect(await check('tricks/header/plain-text.eml')).toEqual({
      code: 1,
      stdout: 'The message is neither multipart/encrypted nor a SecureJoin request. (byte 45)\n',
    });
  });
});
