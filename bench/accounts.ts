/**
 * `npm run bench -- accounts [--part store|backend|dovecot|storm …] [--dovecot 2.3|2.4 …] [--rounds N] [--storm N]
 * [--side ours|static]`:
 * what accounts cost, in the store alone, in one process, through real Dovecot, and when N clients come back at once.
 * `static` is the same Dovecot asking nobody, measured in turns with ours: what is left is the limit of Dovecot itself.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchBackend, benchSettings, benchUser, fill } from '../integration/src/accounts/bench-accounts.ts';
import { servedMemory } from '../integration/src/accounts/served-memory.ts';
import { hosts } from '../integration/src/dovecot-auth/mail-host.ts';
import { openStore, type Store } from '../packages/relay/src/store/store.ts';
import { machineMade, typed } from './accounts/clients.ts';
import { measureDovecot, measureStorm } from './accounts/dovecot.ts';
import { type BenchRow, percentile, report, row } from './harness.ts';

process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
const parts = ['store', 'backend', 'dovecot', 'storm'];
const { values } = parseArgs({
  options: {
    part: { type: 'string', multiple: true, default: parts },
    rounds: { type: 'string', default: '3' },
    storm: { type: 'string', default: '10000' },
    side: { type: 'string' },
    dovecot: { type: 'string', multiple: true, default: ['2.3', '2.4'] },
  },
});
const only = values.side === 'ours' || values.side === 'static' ? values.side : undefined;
const given = [
  ['part', values.part, parts],
  ['dovecot', values.dovecot, hosts.map(({ version }) => version)],
  ['side', values.side, ['ours', 'static']],
] as const;
for (const [option, chosen, choices] of given) {
  const unknown = [chosen ?? []].flat().find((value) => !choices.some((choice) => choice === value));
  if (unknown !== undefined) throw new RangeError(`--${option} is ${choices.join(' or ')}, not ${unknown}`);
}
const sizes = [1_000, 100_000, 1_000_000] as const;
const lookups = 20_000;
const creations = 300;
const rounds = Number(values.rounds);
const people = 200;
const signal = new AbortController().signal;
const rows: BenchRow[] = [];

const inMegabytes = (bytes: number): number => bytes / 1024 ** 2;

/** The three sizes one after the other in one file; the cost must not grow with it. */
async function measureStore(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-bench-'));
  const path = join(folder, 'postern.db');
  const store = await openStore({ kind: 'sqlite', path });
  // The hash is the same at any size: with the cheapest one, what the store does shows.
  const argon2 = { memoryKiB: 8, passes: 1, lanes: 1 };
  const backend = benchBackend(store, { ...benchSettings, passwords: { ...benchSettings.passwords, argon2 } });
  const first = new Map<string, number>();
  let filled = 0;
  for (const size of sizes) {
    await fill(store, filled, size);
    filled = size;
    const times = { lookup: [] as number[], creation: [] as number[] };
    for (let at = 0; at < lookups; at += 1) {
      const user = benchUser(Math.floor(Math.random() * size));
      const startedAt = performance.now();
      if ((await backend.lookup(user, signal)) === undefined) throw new Error(`${user} is missing`);
      times.lookup.push((performance.now() - startedAt) * 1_000);
    }
    for (let at = 0; at < creations; at += 1) {
      const user = `new${Math.random().toString(36).slice(2)}-${size}@example.org`;
      const startedAt = performance.now();
      await backend.verify({ user, password: Buffer.from(typed), service: 'imap', signal });
      times.creation.push((performance.now() - startedAt) * 1_000);
    }
    for (const [what, all] of Object.entries(times)) {
      for (const percent of [50, 99]) {
        const value = percentile(all, percent);
        const name = `${what}, p${percent}`;
        const baseline = first.get(name);
        if (baseline === undefined) first.set(name, value);
        const target = percent === 50 ? ({ kind: 'at most', limit: 1.5, of: 'ratio' } as const) : undefined;
        rows.push(
          row({
            name: `${size.toLocaleString('en')} accounts: ${name}`,
            value,
            unit: 'µs',
            ...(baseline !== undefined && { baseline, ...(target && { target }) }),
          }),
        );
      }
    }
    await store.read((db) => db.selectFrom('switches').selectAll().execute());
    rows.push(
      row({ name: `${size.toLocaleString('en')} accounts: file`, value: inMegabytes(statSync(path).size), unit: 'MB' }),
    );
  }
  await backend.close();
  const users = await letPeopleIn(store);
  await store.close();
  const taken: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    taken.push(inMegabytes(await servedMemory(folder, { count: filled, users, password: typed })));
    process.stderr.write(`· memory of the auth service: ${taken.at(-1)?.toFixed(1)} MB\n`);
  }
  const name = `1,000,000 accounts: memory of the auth service, the most in ${rounds} runs`;
  const target = { kind: 'at most', limit: 120, of: 'value' } as const;
  rows.push(row({ name, value: Math.max(...taken), unit: 'MB', target }));
  rmSync(folder, { recursive: true });
}

/** Accounts with a password that somebody has, hashed as on a relay. */
async function letPeopleIn(store: Store): Promise<string[]> {
  const backend = benchBackend(store);
  const users = Array.from({ length: people }, (_, at) => `person${at}@example.org`);
  for (const user of users) await backend.verify({ user, password: Buffer.from(typed), service: 'imap', signal });
  await backend.close();
  return users;
}

/** One process, no Dovecot: how many answers it gives, and a storm on it right after its start. */
async function measureBackend(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-bench-'));
  const store = await openStore({ kind: 'sqlite', path: join(folder, 'accounts.db') });
  const backend = benchBackend(store);
  const attempt = (at: number): Parameters<typeof backend.verify>[0] => ({
    user: benchUser(at),
    password: Buffer.from(machineMade),
    service: 'imap',
    signal,
  });
  const known = 200;
  for (let at = 0; at < known; at += 1) await backend.verify(attempt(at));
  const perSecond = async (count: number, work: (at: number) => Promise<unknown>): Promise<number> => {
    const startedAt = performance.now();
    for (let at = 0; at < count; at += 1) await work(at);
    return (count * 1_000) / (performance.now() - startedAt);
  };
  const restarted = benchBackend(store);
  rows.push(
    row({
      name: 'backend alone: lookups',
      value: await perSecond(lookups, (at) => backend.lookup(benchUser(at % known), signal)),
      unit: '/s',
    }),
    row({
      name: 'backend alone: warm logins',
      value: await perSecond(5_000, (at) => backend.verify(attempt(at % known))),
      unit: '/s',
    }),
    row({
      name: 'backend alone: logins of machines after a restart',
      value: await perSecond(known, (at) => restarted.verify(attempt(at))),
      unit: '/s',
    }),
    row({
      name: 'backend alone: new accounts, one at a time',
      value: await perSecond(100, (at) => backend.verify(attempt(known + at))),
      unit: '/s',
    }),
  );
  await backend.close();
  await restarted.close();
  await store.close();
  rmSync(folder, { recursive: true });
}

if (values.part.includes('store')) await measureStore();
if (values.part.includes('backend')) await measureBackend();
for (const debian of hosts.filter(({ version }) => values.dovecot.includes(version))) {
  if (values.part.includes('dovecot')) rows.push(...(await measureDovecot(debian, rounds)));
  if (values.part.includes('storm'))
    rows.push(...(await measureStorm(debian, { clients: Number(values.storm), only })));
}
await report('accounts', rows);
process.exit();
