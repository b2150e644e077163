import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { expect, it } from 'vitest';
import { filteredOutput } from '../../src/services/filtered-output.ts';

it('reads every line in its order, also when they come faster than a pipe has room for', async () => {
  const lines: string[] = [];
  const output = filteredOutput((line) => void lines.push(line));
  spawn('seq', ['100000'], { stdio: ['ignore', output, 'inherit'] });
  closeSync(output);
  await expect.poll(() => lines.length, { timeout: 20_000 }).toBe(100_000);
  expect(lines.every((line, at) => line === String(at + 1))).toBe(true);
});
