import { describe, expect, it } from 'vitest';
import { resourceReader, shortagesOf } from '../../src/accounts/shortages.ts';

const limits = { maxLoad1m: 5, minFreeMemoryBytes: 200, minFreeDiskBytes: 1_000, diskFolder: '/' };

describe('shortages', () => {
  it.each([
    ['nothing is short at the limits', { load1m: 5, freeMemoryBytes: 200, freeDiskBytes: 1_000 }, []],
    ['load', { load1m: 5.01, freeMemoryBytes: 200, freeDiskBytes: 1_000 }, ['load']],
    ['memory and disk', { load1m: 0, freeMemoryBytes: 199, freeDiskBytes: 999 }, ['memory', 'disk']],
    [
      'what cannot be read is no reason',
      { load1m: undefined, freeMemoryBytes: undefined, freeDiskBytes: undefined },
      [],
    ],
  ])('%s', (_, resources, expected) => {
    expect(shortagesOf(resources, limits)).toEqual(expected);
  });

  it('are read from this machine, once per second at most', async () => {
    let now = 0;
    const read = resourceReader('/', () => now);
    const first = await read();
    for (const value of Object.values(first)) expect(value).toBeTypeOf('number');
    now = 1_000;
    expect(await read()).toBe(first);
    now = 1_001;
    expect(await read()).not.toBe(first);
  });

  it('are none where the folder does not exist', async () => {
    expect((await resourceReader('/nowhere/at/all', () => 0)()).freeDiskBytes).toBeUndefined();
  });
});
