import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LedgerAnswer, LedgerEvent } from '../../src/mail/ledger.ts';
import { LocalLedger } from '../../src/mail/local-ledger.ts';
import { openStore } from '../../src/store/store.ts';

const budget = { messagesPerMinute: 2, recipientsPerHour: 1_000, bytesPerDay: 1_000_000 };
const demand = { messages: 1, recipients: 1, bytes: 10 };
const key = 'from alice@chat.example';

let folder: string;
let path: string;
const events: LedgerEvent[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'postern-ledger-'));
  path = join(folder, 'postern.db');
  events.length = 0;
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A process with a ledger; two clocks, as a machine has. */
class Process {
  readonly clock: { monotonic: number; wall: number };
  readonly ledger: LocalLedger;
  #sent = 0;

  constructor(clock: { monotonic: number; wall: number }, maxAccounts?: number) {
    this.clock = clock;
    this.ledger = new LocalLedger({
      openStore: () => openStore({ kind: 'sqlite', path }, { patienceMs: 20 }),
      clock: { monotonicMs: () => this.clock.monotonic, wallMs: () => this.clock.wall },
      onEvent: (event) => events.push(event),
      ...(maxAccounts !== undefined && { maxAccounts }),
    });
  }

  async send(from: typeof key | `to ${string}` = key): Promise<LedgerAnswer['kind']> {
    this.#sent += 1;
    const id = String(this.#sent);
    const answer = await this.ledger.reserve({ id, key: from, demand, budget, pace: false });
    if (answer.kind === 'reserved') this.ledger.settle(from, id, demand);
    return answer.kind;
  }

  pass(ms: number): void {
    this.clock.monotonic += ms;
    this.clock.wall += ms;
  }
}

async function started(clock = { monotonic: 1_000, wall: 1_700_000_000_000 }, maxAccounts?: number): Promise<Process> {
  const process = new Process(clock, maxAccounts);
  await process.ledger.save();
  return process;
}

describe('a ledger on one machine', () => {
  it('knows after a restart what was sent before, also when it was killed', async () => {
    const first = await started();
    expect(await first.send()).toBe('reserved');
    expect(await first.send()).toBe('reserved');
    await first.ledger.save(); // and no more is heard of it
    const second = await started({ monotonic: 5, wall: first.clock.wall + 20_000 });
    expect(await second.send()).toBe('exceeded');
    second.pass(39_999);
    expect(await second.send()).toBe('exceeded');
    second.pass(1);
    expect(await second.send()).toBe('reserved');
    await Promise.all([first.ledger.close(), second.ledger.close()]);
  });

  it('does not mind a clock that is set, forwards or back', async () => {
    const process = await started();
    await process.send();
    await process.send();
    process.clock.wall += 86_400_000;
    expect(await process.send()).toBe('exceeded');
    process.clock.wall -= 10 * 86_400_000;
    expect(await process.send()).toBe('exceeded');
    await process.ledger.save();
    const restarted = await started({ monotonic: 0, wall: process.clock.wall - 3_600_000 });
    expect(await restarted.send()).toBe('exceeded');
    restarted.pass(60_000); // one window at most
    expect(await restarted.send()).toBe('reserved');
    await Promise.all([process.ledger.close(), restarted.ledger.close()]);
  });

  it('does not count what was under way when it was killed', async () => {
    const first = await started();
    await first.ledger.reserve({ id: 'open', key, demand, budget, pace: false });
    await first.send();
    await first.ledger.save();
    const second = await started();
    expect(await second.send()).toBe('reserved');
    await Promise.all([first.ledger.close(), second.ledger.close()]);
  });

  it('defers while the database cannot be had, tells so once, and loses nothing of what it knows', async () => {
    const process = await started();
    await process.send();
    const lock = new Database(path);
    lock.exec('begin exclusive');
    await process.ledger.save();
    for (let n = 0; n < 5; n += 1) expect(await process.send()).toBe('unavailable');
    expect(events).toMatchObject([{ kind: 'limits.unavailable', cause: { code: 'locked' } }]);
    lock.exec('rollback');
    lock.close();
    await process.ledger.save();
    expect(events[1]).toEqual({ kind: 'limits.available', failures: 6 });
    expect(await process.send()).toBe('reserved');
    expect(await process.send()).toBe('exceeded');
    await process.ledger.close();
    const next = await started(process.clock);
    expect(await next.send()).toBe('exceeded');
    await next.ledger.close();
  });

  it('defers until the database could be read for the first time', async () => {
    const process = new Process({ monotonic: 0, wall: 0 });
    expect(await process.send()).toBe('unavailable');
    await process.ledger.save();
    expect(await process.send()).toBe('reserved');
    await process.ledger.close();
  });

  it('forgets whoever was idle longest when a stranger makes up too many recipients', async () => {
    const process = await started(undefined, 3);
    await process.send();
    for (const name of ['a', 'b', 'c']) await process.send(`to ${name}@chat.example`);
    await process.send();
    await process.send();
    expect(await process.send()).toBe('exceeded');
    await process.ledger.close();
  });

  it('keeps nothing for longer than its windows', async () => {
    const process = await started();
    await process.send();
    await process.ledger.save();
    process.pass(2 * 86_400_000);
    await process.send('to bob@chat.example');
    await process.ledger.save();
    await process.ledger.close();
    const database = new Database(path);
    expect(database.prepare('select key from mail_usage').pluck().all()).toEqual(['to bob@chat.example']);
    database.close();
  });
});
