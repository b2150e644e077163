import { describe, expect, it } from 'vitest';
import { Pace } from '../../src/echobot/pace.ts';

const never = new AbortController().signal;

describe('the pace of answers', () => {
  it('lets so many go at once, and each further one when a minute has passed since an earlier one', async () => {
    let now = 1_000;
    const pace = new Pace(3, () => now);
    for (let turn = 0; turn < 3; turn += 1) {
      expect(pace.waitMs()).toBe(0);
      await pace.turn(never);
      now += 10_000;
    }
    expect(pace.waitMs()).toBe(30_000);
    now += 29_999;
    expect(pace.waitMs()).toBe(1);
    now += 1;
    await pace.turn(never);
    expect(pace.waitMs()).toBe(10_000);
  });

  it('is given up when the bot has to stop', async () => {
    const pace = new Pace(1, () => 0);
    await pace.turn(never);
    await expect(pace.turn(AbortSignal.abort())).rejects.toThrow(/abort/);
  });
});
