import { describe, expect, it } from 'vitest';
import { SendingLimit } from '../../src/mail/sending-limit.ts';

function send(limit: SendingLimit, account: string, nowMs: number): 'sent' | number {
  const permission = limit.reserve(account, nowMs);
  if (permission.kind === 'exceeded') return permission.waitSeconds;
  permission.reservation.commit(nowMs);
  return 'sent';
}

describe('the sending limit', () => {
  it('lets sixty messages through within a minute and tells the sixty-first how long to wait', () => {
    const limit = new SendingLimit(60);
    for (let n = 0; n < 60; n += 1) expect(send(limit, 'alice', n * 100)).toBe('sent');
    expect(send(limit, 'alice', 10_000)).toBe(50);
    expect(send(limit, 'alice', 59_999)).toBe(1);
    expect(send(limit, 'alice', 60_000)).toBe('sent');
    expect(send(limit, 'alice', 60_050)).toBe(1);
  });

  it('does not let one account wait for another', () => {
    const limit = new SendingLimit(1);
    expect(send(limit, 'alice', 0)).toBe('sent');
    expect(send(limit, 'bob', 0)).toBe('sent');
    expect(send(limit, 'alice', 1)).toBe(60);
  });

  it('counts messages under way, so that parallel connections do not overshoot', () => {
    const limit = new SendingLimit(2);
    const first = limit.reserve('alice', 0);
    expect(limit.reserve('alice', 0).kind).toBe('reserved');
    expect(limit.reserve('alice', 0)).toEqual({ kind: 'exceeded', waitSeconds: 60 });
    if (first.kind === 'reserved') first.reservation.refund();
    expect(limit.reserve('alice', 0).kind).toBe('reserved');
  });

  it('gives back what was not sent, once', () => {
    const limit = new SendingLimit(1);
    const permission = limit.reserve('alice', 0);
    if (permission.kind !== 'reserved') throw new Error('expected room for one message');
    permission.reservation.refund();
    permission.reservation.refund();
    permission.reservation.commit(0);
    expect(send(limit, 'alice', 0)).toBe('sent');
    expect(send(limit, 'alice', 0)).toBe(60);
  });

  it('forgets nothing that still counts when it sweeps', () => {
    const limit = new SendingLimit(1);
    expect(send(limit, 'alice', 59_000)).toBe('sent');
    for (let n = 0; n < 5_000; n += 1) send(limit, `other${n}`, 59_500);
    expect(send(limit, 'alice', 60_000)).toBe(59);
  });
});
