import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Budget,
  type Demand,
  isAhead,
  nothing,
  nothingUsed,
  onOtherClock,
  reserve,
  reservationLifetimeMs,
  settle,
  type Usage,
} from '../../src/mail/budget.ts';

const budget: Budget = { messagesPerMinute: 60, recipientsPerHour: 1_000, bytesPerDay: 1_000_000 };
const oneMessage: Demand = { messages: 1, recipients: 1, bytes: 1_000 };

/** One account, message after message. */
class Account {
  usage: Usage = nothingUsed;
  readonly #budget: Budget;
  #sent = 0;

  constructor(changes: Partial<Budget> = {}) {
    this.#budget = { ...budget, ...changes };
  }

  /** @returns `sent`, or how long to wait. */
  send(nowMs: number, demand: Demand = oneMessage, pace = false): 'sent' | number {
    this.#sent += 1;
    const id = String(this.#sent);
    const answer = reserve(this.usage, { id, demand, budget: this.#budget, nowMs, pace });
    if (answer.kind !== 'reserved') return answer.waitMs;
    this.usage = settle(answer.usage, id, demand, nowMs);
    return 'sent';
  }
}

describe('a budget', () => {
  it('lets sixty messages through within a minute and tells the sixty-first how long to wait', () => {
    const account = new Account();
    for (let n = 0; n < 60; n += 1) expect(account.send(n * 100)).toBe('sent');
    expect(account.send(10_000)).toBe(50_000);
    expect(account.send(59_999)).toBe(1);
    expect(account.send(60_000)).toBe('sent');
    expect(account.send(60_050)).toBe(50);
  });

  it('counts messages under way, so that parallel connections do not overshoot', () => {
    const two = { ...budget, messagesPerMinute: 2 };
    let usage = nothingUsed;
    for (const id of ['a', 'b']) {
      const answer = reserve(usage, { id, demand: oneMessage, budget: two, nowMs: 0, pace: false });
      if (answer.kind !== 'reserved') throw new Error('expected room');
      usage = answer.usage;
    }
    const third = { id: 'c', demand: oneMessage, budget: two, nowMs: 0, pace: false };
    expect(reserve(usage, third)).toEqual({ kind: 'exceeded', part: 'messages', waitMs: 60_000 });
    expect(reserve(settle(usage, 'a', nothing, 0), third).kind).toBe('reserved');
  });

  it('counts recipients of all messages for an hour, and bytes for a day', () => {
    const account = new Account();
    const wide = { messages: 1, recipients: 500, bytes: 0 };
    expect(account.send(0, wide)).toBe('sent');
    expect(account.send(1, wide)).toBe('sent');
    expect(account.send(2, oneMessage)).toBeGreaterThan(3_590_000);
    const heavy = { messages: 1, recipients: 1, bytes: 999_000 };
    const other = new Account();
    expect(other.send(0, heavy)).toBe('sent');
    expect(other.send(1, oneMessage)).toBe('sent');
    expect(other.send(2, oneMessage)).toBeGreaterThan(86_000_000);
    expect(other.send(86_400_000 + 1_440_000, oneMessage)).toBe('sent');
  });

  it('adds to a reservation that is asked for more, all or nothing', () => {
    const start = reserve(nothingUsed, { id: 'a', demand: oneMessage, budget, nowMs: 0, pace: false });
    if (start.kind !== 'reserved') throw new Error('expected room');
    const more = { id: 'a', demand: { ...nothing, recipients: 999 }, budget, nowMs: 0, pace: false };
    const full = reserve(start.usage, more);
    if (full.kind !== 'reserved') throw new Error('expected room');
    expect(full.usage.reserved).toEqual([{ id: 'a', atMs: 0, messages: 1, recipients: 1_000, bytes: 1_000 }]);
    expect(reserve(full.usage, { ...more, demand: { ...nothing, recipients: 1 } }).kind).toBe('exceeded');
  });

  it('forgets what a process that died had under way, and still counts it when it turns out to be alive', () => {
    const start = reserve(nothingUsed, { id: 'a', demand: oneMessage, budget, nowMs: 0, pace: false });
    if (start.kind !== 'reserved') throw new Error('expected room');
    const one = { ...budget, messagesPerMinute: 1 };
    const next = { id: 'b', demand: oneMessage, budget: one, pace: false };
    expect(reserve(start.usage, { ...next, nowMs: reservationLifetimeMs - 1 }).kind).toBe('exceeded');
    expect(reserve(start.usage, { ...next, nowMs: reservationLifetimeMs }).kind).toBe('reserved');
    const late = settle(start.usage, 'a', oneMessage, reservationLifetimeMs + 5);
    expect(reserve(late, { ...next, nowMs: reservationLifetimeMs + 6 }).kind).toBe('exceeded');
  });

  it('never lets more through than it says, in any window, whatever the times', () => {
    const arrivals = fc.array(fc.record({ afterMs: fc.integer({ min: 0, max: 20_000 }), pace: fc.boolean() }), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 1, max: 8 }), (times, limit) => {
        const account = new Account({ messagesPerMinute: limit });
        const sent: number[] = [];
        let now = 0;
        for (const { afterMs, pace } of times) {
          now += afterMs;
          if (account.send(now, oneMessage, pace) === 'sent') sent.push(now);
        }
        for (const at of sent) {
          expect(sent.filter((other) => other > at - 60_000 && other <= at).length).toBeLessThanOrEqual(limit);
        }
      }),
    );
  });

  it('says a time after which there is room', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5_000 }), { minLength: 20, maxLength: 80 }), (gaps) => {
        const account = new Account({ messagesPerMinute: 10 });
        let now = 0;
        for (const gap of gaps) {
          now += gap;
          const outcome = account.send(now);
          if (outcome === 'sent') continue;
          expect(account.send(now + outcome - 1)).not.toBe('sent');
          now += outcome;
          expect(account.send(now)).toBe('sent');
        }
      }),
    );
  });
});

describe('pacing', () => {
  it('leaves the first half of a minute’s messages alone', () => {
    const account = new Account();
    for (let n = 0; n < 30; n += 1) expect(account.send(0, oneMessage, true)).toBe('sent');
    expect(account.send(0, oneMessage, true)).toBeCloseTo(60_000 / 31, -1);
  });

  it('never lets a client that sends one after another wait for long, whatever it did before', () => {
    const history = fc.array(fc.integer({ min: 0, max: 30_000 }), { maxLength: 60 });
    fc.assert(
      fc.property(history, (gaps) => {
        const account = new Account();
        let now = 0;
        const sendAndWait = (): void => {
          const startedAt = now;
          for (;;) {
            const outcome = account.send(now, oneMessage, true);
            if (outcome === 'sent') break;
            now += outcome;
          }
          // A minute spread over the other half of its messages is two seconds; gaps of the past may come back once.
          expect(now - startedAt).toBeLessThanOrEqual(3_000);
        };
        for (const gap of gaps) {
          now += gap;
          sendAndWait();
        }
        for (let n = 0; n < 100; n += 1) sendAndWait();
      }),
      { numRuns: 30 },
    );
  });

  it('still lets a steady burst reach the whole rate', () => {
    const account = new Account();
    let now = 0;
    for (let n = 0; n < 200; n += 1) {
      for (let outcome = account.send(now, oneMessage, true); outcome !== 'sent';) {
        now += outcome;
        outcome = account.send(now, oneMessage, true);
      }
    }
    expect(now).toBeLessThan(200_000); // the limit itself allows 200 messages within three minutes at best
  });
});

describe('usage on another clock', () => {
  it('means the same, as long as the clocks go alike', () => {
    const account = new Account({ messagesPerMinute: 1 });
    account.send(1_000);
    const other = new Account({ messagesPerMinute: 1 });
    other.usage = onOtherClock(account.usage, 1_000_000, 1_031_000);
    expect(other.send(1_031_000)).toBe(30_000);
  });

  it('counts as now what lies in the future there, so that a clock put back locks nobody out for long', () => {
    const account = new Account({ messagesPerMinute: 1 });
    account.send(10_000_000);
    const other = new Account({ messagesPerMinute: 1 });
    expect(isAhead(account.usage, 5_000)).toBe(true);
    other.usage = onOtherClock(account.usage, 0, 5_000);
    expect(isAhead(other.usage, 5_000)).toBe(false);
    expect(other.send(5_000)).toBe(60_000);
  });
});
