import { describe, expect, it } from 'vitest';
import {
  type Answer,
  type Budget,
  type Demand,
  nothingUsed,
  reserve,
  settle,
  type Usage,
} from '../../src/mail/budget.ts';
import type { Ledger, LedgerAnswer, LedgerKey, LedgerRequest } from '../../src/mail/ledger.ts';
import { type Pacing, PacingLimiter, type Permission } from '../../src/mail/limiter.ts';
import { ManualTime, settled } from './manual-time.ts';

const budget: Budget = { messagesPerMinute: 4, recipientsPerHour: 1_000, bytesPerDay: 1_000_000 };
const demand: Demand = { messages: 1, recipients: 1, bytes: 1 };
const alice: LedgerKey = 'from alice@chat.example';
const bob: LedgerKey = 'from bob@chat.example';

/** The ledger without a database. */
class PlainLedger implements Ledger {
  readonly usage = new Map<LedgerKey, Usage>();
  readonly #time: ManualTime;
  isAvailable = true;

  constructor(time: ManualTime) {
    this.#time = time;
  }

  reserve({ key, ...request }: LedgerRequest): Promise<LedgerAnswer> {
    if (!this.isAvailable) return Promise.resolve({ kind: 'unavailable' });
    const answer: Answer = reserve(this.usage.get(key) ?? nothingUsed, { ...request, nowMs: this.#time.nowMs });
    if (answer.kind !== 'reserved') return Promise.resolve(answer);
    this.usage.set(key, answer.usage);
    return Promise.resolve({ kind: 'reserved' });
  }

  settle(key: LedgerKey, id: string, spent: Demand): void {
    this.usage.set(key, settle(this.usage.get(key) ?? nothingUsed, id, spent, this.#time.nowMs));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function limiterWith(
  pacing: Pacing,
  messagesPerMinute: number = budget.messagesPerMinute,
): { limiter: PacingLimiter; ledger: PlainLedger; time: ManualTime } {
  const time = new ManualTime();
  const ledger = new PlainLedger(time);
  const limiter = new PacingLimiter({
    ledger,
    budgets: { from: { ...budget, messagesPerMinute }, to: budget },
    pacing,
    wait: time.wait,
    now: time.now,
    prefix: 'test',
  });
  return { limiter, ledger, time };
}

async function send(limiter: PacingLimiter, key: LedgerKey): Promise<Permission> {
  const allowance = limiter.open(key);
  const permission = await allowance.ask(demand);
  if (permission.kind === 'granted') allowance.commit(demand);
  return permission;
}

const patient = { maxHoldMs: 30_000, maxHeld: 10 };

describe('a limiter that paces', () => {
  it('holds a sender who is close to the limit, and lets them go on in time', async () => {
    const { limiter, time } = limiterWith(patient);
    for (let n = 0; n < 2; n += 1) expect(await send(limiter, alice)).toEqual({ kind: 'granted', heldMs: 0 });
    const third = send(limiter, alice);
    await settled();
    expect(limiter.held).toBe(1);
    await time.pass(20_000);
    expect(await third).toEqual({ kind: 'granted', heldMs: 20_000 });
    expect(limiter.held).toBe(0);
  });

  it('does not let one account wait for another', async () => {
    const { limiter } = limiterWith(patient);
    for (let n = 0; n < 2; n += 1) await send(limiter, alice);
    const held = limiter.open(alice);
    void held.ask(demand);
    await settled();
    expect(await send(limiter, bob)).toEqual({ kind: 'granted', heldMs: 0 });
    held.refund();
  });

  it('refuses at once who is far over the limit', async () => {
    const { limiter } = limiterWith({ ...patient, maxHeld: 0 });
    for (let n = 0; n < 4; n += 1) expect((await send(limiter, alice)).kind).toBe('granted');
    expect(await send(limiter, alice)).toEqual({ kind: 'exceeded', part: 'messages', waitSeconds: 60 });
  });

  it('never refuses within the limit: who cannot be held passes', async () => {
    const { limiter, time } = limiterWith({ maxHoldMs: 1_000, maxHeld: 10 });
    for (let n = 0; n < 4; n += 1) expect(await send(limiter, alice)).toEqual({ kind: 'granted', heldMs: 0 });
    await time.pass(500);
    expect(await send(limiter, alice)).toEqual({ kind: 'exceeded', part: 'messages', waitSeconds: 60 });
  });

  it('holds four of one account at most, and as many as it may of all', async () => {
    const { limiter, time } = limiterWith({ maxHoldMs: 30_000, maxHeld: 5 }, 40);
    for (const key of [alice, bob]) for (let n = 0; n < 20; n += 1) await send(limiter, key);
    const all = [alice, alice, alice, alice, alice, alice, bob, bob, bob].map((key) => send(limiter, key));
    await settled();
    expect(limiter.held).toBe(5);
    await time.pass(30_000);
    const outcomes = await Promise.all(all);
    expect(limiter.held).toBe(0);
    expect(outcomes.map(({ kind }) => kind)).toEqual(all.map(() => 'granted'));
  });

  it('lets go of what the client gave up while it was held', async () => {
    const { limiter, ledger, time } = limiterWith(patient);
    for (let n = 0; n < 2; n += 1) await send(limiter, alice);
    const allowance = limiter.open(alice);
    const asked = allowance.ask(demand);
    await settled();
    allowance.refund();
    expect((await asked).kind).toBe('unavailable');
    await time.pass(60_000);
    expect(limiter.held).toBe(0);
    expect(ledger.usage.get(alice)?.reserved).toEqual([]);
  });

  it('gives back what is refused, once, and keeps what is accepted', async () => {
    const { limiter, ledger } = limiterWith({ ...patient, maxHoldMs: 0 });
    const refused = limiter.open(alice);
    await refused.ask(demand);
    refused.refund();
    refused.refund();
    refused.commit(demand);
    expect(ledger.usage.get(alice)).toEqual(nothingUsed);
    const accepted = limiter.open(alice);
    await accepted.ask(demand);
    accepted.commit(demand);
    accepted.refund();
    expect(ledger.usage.get(alice)?.messages).toHaveLength(1);
  });

  it('defers when nobody knows, and goes on when somebody does', async () => {
    const { limiter, ledger } = limiterWith(patient);
    ledger.isAvailable = false;
    expect(await send(limiter, alice)).toEqual({ kind: 'unavailable' });
    ledger.isAvailable = true;
    expect(await send(limiter, alice)).toEqual({ kind: 'granted', heldMs: 0 });
  });
});
