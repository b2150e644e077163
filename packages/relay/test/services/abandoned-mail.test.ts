import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AbandonedMail } from '../../src/services/abandoned-mail.ts';

const writer = 'queue-writer';

describe('abandoned mail', () => {
  let programs: string;
  let folder: string;
  const running: ChildProcess[] = [];

  beforeEach(() => {
    programs = mkdtempSync(join(tmpdir(), 'programs-'));
    folder = mkdtempSync(join(tmpdir(), 'queue-'));
    copyFileSync('/bin/sleep', join(programs, writer));
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map(end));
    for (const path of [programs, folder]) rmSync(path, { recursive: true });
  });

  async function startWriter(): Promise<ChildProcess> {
    const child = spawn(join(programs, writer), ['600']);
    running.push(child);
    await once(child, 'spawn');
    return child;
  }

  async function end(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  function files(): Set<string> {
    return new Set(readdirSync(folder, { recursive: true, encoding: 'utf8' }));
  }

  it('is removed once everybody who could be writing it has ended', async () => {
    const abandoned = new AbandonedMail(folder, writer);
    const first = await startWriter();
    await mkdir(join(folder, 'A'));
    await writeFile(join(folder, 'A/1'), 'readable words', { mode: 0o600 });
    for (const _ of [1, 2, 3]) expect(await abandoned.remove()).toBe(0);
    await end(first);
    await startWriter(); // began after the file, so that it is not its own
    await writeFile(join(folder, '2'), 'readable words', { mode: 0o600 });
    expect(await abandoned.remove()).toBe(1);
    expect(files()).toEqual(new Set(['A', '2']));
    expect(await abandoned.remove()).toBe(0);
  });

  it('is not what was accepted, also when its writer has ended meanwhile', async () => {
    const abandoned = new AbandonedMail(folder, writer);
    const first = await startWriter();
    await writeFile(join(folder, '1'), 'readable words', { mode: 0o600 });
    expect(await abandoned.remove()).toBe(0);
    await chmod(join(folder, '1'), 0o700);
    await end(first);
    for (const _ of [1, 2]) expect(await abandoned.remove()).toBe(0);
    expect(files()).toEqual(new Set(['1']));
  });

  it('is removed later when nobody was running at first sight: whoever wrote it may just have been starting', async () => {
    const abandoned = new AbandonedMail(folder, writer);
    await writeFile(join(folder, '1'), 'readable words', { mode: 0o600 });
    expect(await abandoned.remove()).toBe(0);
    expect(await abandoned.remove()).toBe(1);
  });
});
