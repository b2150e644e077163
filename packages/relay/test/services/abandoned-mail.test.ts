import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdir, open, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, describe, it } from 'vitest';
import { removeAbandonedMail } from '../../src/services/abandoned-mail.ts';

const nowMs = Date.now();
const writer = readFileSync('/proc/self/comm', 'utf8').trim();

describe('abandoned mail', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'queue-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  async function message(name: string, mode: number, ageSeconds: number): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, 'readable words', { mode });
    await utimes(path, nowMs / 1000, nowMs / 1000 - ageSeconds);
    return path;
  }

  it('is removed; what is accepted, young, or still being written stays', async () => {
    await mkdir(join(folder, 'A'));
    await message('A/abandoned', 0o600, 60);
    await message('abandoned', 0o600, 60);
    await message('accepted', 0o700, 60);
    await message('young', 0o600, 5);
    await using _ = await open(await message('under-way', 0o600, 60), 'r+');
    expect(await removeAbandonedMail(folder, { nowMs, writer })).toBe(2);
    const left = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    expect(new Set(left)).toEqual(new Set(['A', 'accepted', 'under-way', 'young']));
    const otherName = `${folder}-link`;
    await symlink(folder, otherName);
    expect(await removeAbandonedMail(otherName, { nowMs, writer })).toBe(0);
    rmSync(otherName);
  });
});
