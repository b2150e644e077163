import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadSecrets } from '../../src/accounts/secrets.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'postern-secret-'));
  path = join(folder, 'secret.key');
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the secret of a relay', () => {
  it('is made once, for its owner only, and gives different keys for different purposes', () => {
    const first = loadSecrets(path, randomBytes);
    expect(loadSecrets(path, randomBytes)).toEqual(first);
    expect(loadSecrets(path)).toEqual(first);
    expect(first.proofKey).not.toEqual(first.tombstoneKey);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['secret.key']);
  });

  it('is not made by a command that only looks', () => {
    expect(() => loadSecrets(path)).toThrow(`${path}: is missing`);
  });

  it('is not used when it is cut off', () => {
    writeFileSync(path, 'too short');
    expect(() => loadSecrets(path, randomBytes)).toThrow('holds 9 bytes where a secret has 32');
  });
});
