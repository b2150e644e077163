import { describe, expect, it } from 'vitest';
import { clockAt } from '../../src/expiry/clock.ts';

const day = 86_400;
const now = 1_800_000_000;
const steady = { ranAt: now - 3_600, mailFrom: 0, accountsFrom: 0 };

describe('the clock by which things become old', () => {
  it('is trusted at the first run, and from hour to hour', () => {
    expect(clockAt(now, undefined)).toEqual({ ranAt: now, mailFrom: now, accountsFrom: now });
    expect(clockAt(now, steady)).toEqual({ ranAt: now, mailFrom: 0, accountsFrom: 0 });
    expect(clockAt(now, { ...steady, ranAt: now - 2 * day })).toMatchObject({ mailFrom: 0 });
    expect(clockAt(now, { ...steady, ranAt: now + 3_600 })).toMatchObject({ mailFrom: 0 }); // the end of summer time
  });

  it.each([
    ['the relay was off', now - 2 * day - 1],
    ['it jumped ahead by ten years', now - 3_650 * day],
    ['it jumped back', now + 3_601],
  ])('is not trusted for a day, and for thirty with accounts, when %s', (_, ranAt) => {
    expect(clockAt(now, { ...steady, ranAt })).toEqual({
      ranAt: now,
      mailFrom: now + day,
      accountsFrom: now + 30 * day,
    });
  });

  it('is trusted again after that', () => {
    let record = clockAt(now, { ...steady, ranAt: 0 });
    for (let hour = 1; hour <= 24; hour += 1) record = clockAt(now + hour * 3_600, record);
    expect(record.mailFrom).toBe(record.ranAt);
    expect(record.accountsFrom).toBe(now + 30 * day);
  });

  it('does not wait for the year that a wrong clock showed', () => {
    const wrong = clockAt(now + 3_650 * day, steady);
    expect(clockAt(now, wrong)).toMatchObject({ mailFrom: now + day, accountsFrom: now + 30 * day });
  });
});
