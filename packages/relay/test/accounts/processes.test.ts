import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { describeProcesses } from './process-suite.ts';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

describeProcesses('SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-processes-'));
  folders.push(folder);
  return { kind: 'sqlite', path: join(folder, 'postern.db') };
});
