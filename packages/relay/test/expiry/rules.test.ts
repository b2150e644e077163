import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cutoffsAt,
  daySeconds as day,
  evictionCutoff,
  type ExpiryRules,
  horizonAt,
  isTooFull,
  isTooOld,
  nextVisit,
  protectedFrom,
  type StoredMail,
} from '../../src/expiry/rules.ts';
import { testRules as rules } from './memory-mailboxes.ts';

const now = 1_800_000_000;
const mail = (ageDays: number, changes: Partial<StoredMail> = {}): StoredMail => ({
  receivedAt: now - ageDays * day,
  bytes: 1_000,
  isSeen: false,
  ...changes,
});
const large = { bytes: 200_001 };

describe('a message', () => {
  it.each([
    ['of twenty days', mail(20), false],
    ['older than twenty days', mail(20.01), true],
    ['older than twenty days and seen', mail(20.01, { isSeen: true }), true],
    ['large, seen, older than seven days', mail(7.01, { ...large, isSeen: true }), true],
    ['large, seen, of seven days', mail(7, { ...large, isSeen: true }), false],
    ['large, unseen, older than seven days', mail(7.01, large), false],
    ['just not large, seen, older than seven days', mail(7.01, { bytes: 200_000, isSeen: true }), false],
    ['from the future', mail(-400), false],
  ])('%s', (_, message, expected) => {
    expect(isTooOld(message, cutoffsAt(rules, now), rules)).toBe(expected);
  });

  it('never becomes too old where the days are zero', () => {
    const forever: ExpiryRules = { ...rules, mailDays: 0, largeMailDays: 0 };
    expect(isTooOld(mail(9_000, { ...large, isSeen: true }), cutoffsAt(forever, now), forever)).toBe(false);
    const noLarge: ExpiryRules = { ...rules, largeMailDays: 0 };
    expect(isTooOld(mail(19, { ...large, isSeen: true }), cutoffsAt(noLarge, now), noLarge)).toBe(false);
  });
});

describe('the next visit', () => {
  it.each([
    ['is after a week when nothing is there', [], 7],
    ['is when the first message becomes too old', [mail(16), mail(17), mail(3)], 3],
    ['is when the first large one would, if it is seen by then', [mail(2, large)], 5],
    ['is tomorrow at the earliest', [mail(19.9)], 1],
    ['is tomorrow while a large one waits to be seen', [mail(8, large)], 1],
    ['is after a week for mail from the future', [mail(-400)], 7],
  ])('%s', (_, mails, days) => {
    expect(nextVisit(mails, rules, now)).toBe(now + days * day);
  });

  it('comes before anything that arrives meanwhile can be too old, whatever the rules', () => {
    const days = fc.integer({ min: 0, max: 40 });
    fc.assert(
      fc.property(days, days, (mailDays, largeMailDays) => {
        const some = { ...rules, mailDays, largeMailDays };
        const next = nextVisit([], some, now);
        const justAfter = mail(0, { ...large, isSeen: true });
        expect(isTooOld(justAfter, cutoffsAt(some, next), some)).toBe(false);
        expect(horizonAt(some, now)).toBe(next);
      }),
    );
  });
});

describe('making room', () => {
  const full: ExpiryRules = { ...rules, mailboxBytes: 100_000, evictAbovePercent: 75, evictToPercent: 50 };

  it('begins at the threshold, and never without a limit', () => {
    expect([74_999, 75_000].map((used) => isTooFull(used, full))).toEqual([false, true]);
    expect(isTooFull(1e15, { ...full, mailboxBytes: 0 })).toBe(false);
  });

  it('takes the oldest first, only as much as it needs, however the list is sorted', () => {
    const mails = [mail(2, { bytes: 20_000 }), mail(9, { bytes: 20_000 }), mail(5, { bytes: 20_000 })];
    expect(evictionCutoff(mails, 80_000, full)).toBe(now - 5 * day + 1);
    expect(evictionCutoff(mails, 50_000, full)).toBeUndefined();
    expect(evictionCutoff([], 99_000, full)).toBeUndefined();
  });

  it('takes no mail of the last day, whatever there is', () => {
    const ages = fc.array(fc.tuple(fc.integer({ min: -100, max: 5_000_000 }), fc.integer({ min: 1, max: 90_000 })));
    fc.assert(
      fc.property(ages, fc.integer({ min: 0, max: 200_000 }), (all, used) => {
        const mails = all.map(([age, bytes]) => ({ receivedAt: now - age, bytes, isSeen: true }));
        const old = mails.filter(({ receivedAt }) => receivedAt < protectedFrom(now));
        const cutoff = evictionCutoff(old, used, full);
        if (cutoff === undefined) return;
        expect(cutoff).toBeLessThanOrEqual(now - day);
        const goes = old.filter(({ receivedAt }) => receivedAt < cutoff);
        const older = goes.filter(({ receivedAt }) => receivedAt < cutoff - 1);
        const bytesOf = (some: readonly StoredMail[]): number => some.reduce((sum, { bytes }) => sum + bytes, 0);
        expect(used - bytesOf(older)).toBeGreaterThan(50_000); // without the last one there would not be enough room
        expect(goes.length === old.length || used - bytesOf(goes) <= 50_000).toBe(true);
      }),
    );
  });
});
