import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Arrivals, leaveWord } from '../../src/push/arrivals.ts';

let folder: string;
let arrivals: Arrivals;
let told: string[];
let failures: unknown[];
let announce: (user: string) => Promise<void>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'postern-'));
  told = [];
  failures = [];
  announce = async (user) => void told.push(user);
  arrivals = new Arrivals({
    folder,
    announce: (user) => announce(user),
    onFailure: (cause) => failures.push(cause),
    sweepMs: 50,
  });
});
afterEach(async () => {
  await arrivals.stop();
  rmSync(folder, { recursive: true });
});

const deliver = (user: string): void => leaveWord(folder, user);
const left = (): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name !== '.taken');

describe('news of mail', () => {
  it('is told that came before and while somebody listens, and is cleared away', async () => {
    deliver('alice0001@example.org');
    await arrivals.start();
    await vi.waitFor(() => expect(told).toEqual(['alice0001@example.org']));
    deliver('bob000001@example.org');
    await vi.waitFor(() => expect(told).toEqual(['alice0001@example.org', 'bob000001@example.org']));
    await vi.waitFor(() => expect(left()).toEqual([]));
  });

  it('is told again when more comes while it is being told', async () => {
    announce = async (user) => {
      if (told.push(user) === 1) deliver(user);
    };
    await arrivals.start();
    deliver('alice0001@example.org');
    await vi.waitFor(() => expect(told).toHaveLength(2));
    await vi.waitFor(() => expect(left()).toEqual([]));
  });

  it('is told to everybody, whatever else lies in the folder', async () => {
    mkdirSync(join(folder, '.taken/a-folder@example.org'), { recursive: true });
    mkdirSync(join(folder, 'a-folder@example.org'));
    symlinkSync('/etc/passwd', join(folder, 'a-link@example.org'));
    await arrivals.start();
    deliver('zoe000001@example.org');
    await vi.waitFor(() => expect(told).toEqual(['zoe000001@example.org']));
    expect(failures).toEqual([]);
  });

  it('is left for accounts only, and nowhere but in the folder', async () => {
    await arrivals.start();
    symlinkSync(join(folder, 'elsewhere'), join(folder, 'a-link@example.org'));
    for (const user of ['.taken', 'a-link@example.org', 'zoe000001@example.org']) deliver(user);
    await vi.waitFor(() => expect(told).toEqual(['zoe000001@example.org']));
    expect(left()).toEqual(['a-link@example.org']);
    expect(() => leaveWord(join(folder, 'nowhere'), 'zoe000001@example.org')).toThrow(/ENOENT/);
  });

  it('is kept as long as it cannot be told, also for a process that starts later', async () => {
    announce = () => Promise.reject(new Error('the store is away'));
    await arrivals.start();
    deliver('alice0001@example.org');
    await vi.waitFor(() => expect(failures.length).toBeGreaterThan(1));
    await arrivals.stop();
    expect(left()).toEqual([join('.taken', 'alice0001@example.org')]);
    announce = async (user) => void told.push(user);
    arrivals = new Arrivals({ folder, announce: (user) => announce(user), onFailure: (cause) => failures.push(cause) });
    await arrivals.start();
    await vi.waitFor(() => expect(told).toEqual(['alice0001@example.org']));
  });
});
