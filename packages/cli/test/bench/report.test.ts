import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { benchChart } from '../../src/bench/chart.ts';
import { findCore } from '../../src/bench/core-program.ts';
import type { BenchRow } from '../../src/bench/run.ts';
import { summarize } from '../../src/bench/statistics.ts';
import { benchTable } from '../../src/bench/table.ts';

const rows: readonly BenchRow[] = [
  {
    name: 'dc_ping_pong',
    measured: { n: 50, median: 212.4, min: 180, max: 290, p95: 250 },
    floor: { n: 50, median: 170, min: 160, max: 200, p95: 190 },
    ratio: 1.249,
  },
  {
    name: 'SMTP connect (TLS, greeting)',
    measured: { n: 20, median: 4.26, min: 3, max: 9, p95: 8 },
    floor: { n: 20, median: 3, min: 2, max: 5, p95: 4 },
    ratio: 1.42,
  },
];

describe('a summary', () => {
  it('is made of values that were measured', () => {
    expect(summarize([30, 10, 20, 40])).toEqual({ n: 4, median: 20, min: 10, max: 40, p95: 40 });
  });

  it('of a single value is that value', () => {
    expect(summarize([7])).toEqual({ n: 1, median: 7, min: 7, max: 7, p95: 7 });
  });

  it('of nothing is refused', () => {
    expect(() => summarize([])).toThrow(RangeError);
  });
});

describe('the table', () => {
  it('shows each row with its floor and the ratio', () => {
    expect(benchTable(rows)).toMatchInlineSnapshot(`
      "milliseconds                   n  median  min  max  p95  floor  ratio
      dc_ping_pong                  50     212  180  290  250    170   1.25
      SMTP connect (TLS, greeting)  20     4.3  3.0  9.0  8.0    3.0   1.42
      "
    `);
  });

  it('has no columns for a floor that was not measured', () => {
    const alone = rows.map(({ name, measured }) => ({ name, measured }));
    expect(benchTable(alone)).toMatchInlineSnapshot(`
      "milliseconds                   n  median  min  max  p95
      dc_ping_pong                  50     212  180  290  250
      SMTP connect (TLS, greeting)  20     4.3  3.0  9.0  8.0
      "
    `);
  });
});

describe('the chart', () => {
  it('names every row and the relay, whatever the relay is called', () => {
    const svg = benchChart(rows, '<a&b>');
    expect(svg).toContain('&lt;a&amp;b&gt;');
    expect(svg).toContain('>dc_ping_pong<');
    expect(svg).toContain('212 ms (1.25 ×)');
    expect(svg.match(/<rect /g)).toHaveLength(1 + 2 * rows.length);
  });
});

describe("the client's core", () => {
  it('is found in the search path', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'postern-core-'));
    try {
      await writeFile(join(folder, 'deltachat-rpc-server'), '', { mode: 0o755 });
      expect(await findCore(undefined, `/nowhere:${folder}`)).toBe(join(folder, 'deltachat-rpc-server'));
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('is asked for, with the way to get it, when it is not there', async () => {
    await expect(findCore(undefined, '/nowhere')).rejects.toThrow('npm install --global @deltachat/stdio-rpc-server');
    await expect(findCore('/nowhere/core')).rejects.toThrow('--core /nowhere/core');
  });
});
