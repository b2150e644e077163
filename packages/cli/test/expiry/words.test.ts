import { describe, expect, it } from 'vitest';
import { sentences } from '../../src/expiry/words.ts';

const nothing = { mailboxes: 0, messages: 0, bytes: 0, evicted: 0, evictedBytes: 0, full: 0, accounts: 0, failed: 0 };

describe('what postern expire says', () => {
  it('counts what it removed', () => {
    const report = { ...nothing, mailboxes: 1_234, messages: 56, bytes: 7_890_000, accounts: 1 };
    expect(sentences(report, false)).toEqual([
      '56 messages too old removed (7.9 MB), 0 messages removed to make room (0 MB).',
      '1 unused account removed.',
      '1,234 mailboxes looked at.',
    ]);
  });

  it('says what it would remove, what stays too full, what failed and why', () => {
    const report = { ...nothing, mailboxes: 1, full: 1, failed: 2, failure: 'no such disk' };
    expect(sentences(report, true)).toEqual([
      '0 messages too old would be removed (0 MB), 0 messages would be removed to make room (0 MB).',
      '0 unused accounts would be removed.',
      '1 mailbox looked at, of which 1 stay too full for now: all their mail is of the last day.',
      '2 could not be worked on, and come again: no such disk.',
    ]);
  });

  it('says that it waits, and for what', () => {
    const [first] = sentences({ ...nothing, pausedUntil: 1_800_000_000 }, false);
    expect(first).toBe(
      'The relay was off for more than two days, or its clock has jumped: before 2027-01-15 08:00 UTC nothing is removed (--after-gap: now).',
    );
  });
});
