import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LedgerAnswer, LedgerEvent } from '../../../packages/relay/src/mail/ledger.ts';
import { SharedLedger } from '../../../packages/relay/src/mail/shared-ledger.ts';
import { openStore } from '../../../packages/relay/src/store/store.ts';
import { type PostgresqlServer, startPostgresql } from '../../src/accounts/postgresql.ts';

const program = join(import.meta.dirname, '../../src/gate/sending-program.ts');
const budget = { messagesPerMinute: 60, recipientsPerHour: 1_000, bytesPerDay: 1_000_000 };
const demand = { messages: 1, recipients: 1, bytes: 1_000 };
const key = 'from alice@chat.example';
const empty = { messages: [], recipients: [], bytes: [], reserved: [] };

function disposable<T extends { close(): Promise<void> }>(store: T): T & AsyncDisposable {
  return Object.assign(store, { [Symbol.asyncDispose]: () => store.close() });
}

describe('limits that processes share in PostgreSQL', () => {
  let server: PostgresqlServer;

  beforeAll(async () => {
    server = await startPostgresql();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  it('let sixty messages through, not one more, when three processes send at the same time', async () => {
    const url = await server.createDatabase();
    const outcomes = await Promise.all(
      [1, 2, 3].map(async () => {
        const { stdout } = await execa(process.execPath, ['--conditions=@postern/source', program, url, '50']);
        const kinds: unknown = JSON.parse(stdout);
        return Array.isArray(kinds) ? kinds.map(String) : [];
      }),
    );
    const all = outcomes.flat();
    expect(all).toHaveLength(150);
    expect(all.filter((kind) => kind === 'reserved')).toHaveLength(60);
    expect(all.filter((kind) => kind === 'exceeded')).toHaveLength(90);
  });

  it('are over after a minute also when the database’s clock was put back by a day', async () => {
    const location = { kind: 'postgresql', url: await server.createDatabase() } as const;
    await using store = disposable(await openStore(location));
    const day = 86_400_000;
    const used = Array.from({ length: 60 }, (_, n) => [Date.now() + day + n, 1]);
    const row = { key, changed_at_ms: Date.now() + day, usage: JSON.stringify({ ...empty, messages: used }) };
    await store.write((db) => db.insertInto('mail_usage').values(row).execute());
    const ledger = new SharedLedger({ openStore: () => openStore(location), onEvent: () => {} });
    const answers: LedgerAnswer[] = [];
    for (const id of ['first', 'second']) answers.push(await ledger.reserve({ id, key, demand, budget, pace: false }));
    await ledger.close();
    // The second has waited for as long as the first took: what was used does not move on with the clock.
    const waits = answers.map((answer) => (answer.kind === 'exceeded' ? answer.waitMs : Infinity));
    expect(waits[0]).toBe(60_000);
    expect(waits[1]).toBeLessThan(60_000);
  });

  it('defer while the database is gone, and tell so once', async () => {
    await using own = await startPostgresql();
    const url = await own.createDatabase();
    const events: LedgerEvent[] = [];
    const ledger = new SharedLedger({
      openStore: () => openStore({ kind: 'postgresql', url }, { patienceMs: 500 }),
      onEvent: (event) => events.push(event),
    });
    const send = async (id: string): Promise<string> =>
      (await ledger.reserve({ id, key, demand, budget, pace: false })).kind;
    expect(await send('first')).toBe('reserved');
    await own.container.stop();
    expect(await Promise.all(['a', 'b', 'c'].map(send))).toEqual(['unavailable', 'unavailable', 'unavailable']);
    expect(events.map(({ kind }) => kind)).toEqual(['limits.unavailable']);
    await ledger.close();
  });
});
