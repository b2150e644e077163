import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MilterServer } from '@postern/milter';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { miltertestFilter } from '../../src/milter/miltertest-filter.ts';
import { type MilterTools, startMilterTools } from '../../src/milter/tools.ts';

const folder = join(import.meta.dirname, '../../src/milter/miltertest');
const scripts = (await readdir(folder)).filter((name) => name.endsWith('.lua') && name !== 'prelude.lua');

describe('a filter driven by miltertest', () => {
  const log: string[] = [];
  let tools: MilterTools;
  let server: MilterServer;
  beforeAll(async () => {
    tools = await startMilterTools();
    server = await miltertestFilter(log).listen({ path: join(tools.folder, 'filter.sock'), mode: 0o666 });
  });
  afterAll(async () => {
    await server?.close({ drainMs: 0 });
    await tools?.[Symbol.asyncDispose]();
  });

  it.each(scripts)('passes %s', async (name) => {
    const prelude = await readFile(join(folder, 'prelude.lua'), 'utf8');
    await writeFile(join(tools.folder, name), `${prelude}\n${await readFile(join(folder, name), 'utf8')}`);
    const { output, exitCode } = await tools.run('miltertest', '-s', `/milter/${name}`);
    expect(output).toBe('');
    expect(exitCode).toBe(0);
  });

  it('has at least fifteen scripts to pass', () => {
    expect(scripts.length).toBeGreaterThanOrEqual(15);
  });
});
