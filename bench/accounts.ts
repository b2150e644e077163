/**
 * `npm run bench -- accounts [--part store|backend|dovecot|storm …] [--dovecot 2.3|2.4 …] [--rounds N] [--storm N]`:
 * what accounts cost, in the store alone, in one process, through real Dovecot, and when N clients come back at once.
 * `static` is the same Dovecot asking nobody, measured in turns with ours: what is left is the limit of Dovecot itself.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchBackend, benchSettings, benchUser, fill } from '../integration/src/accounts/bench-accounts.ts';
import { servedMemory } from '../integration/src/accounts/served-memory.ts';
import { plain } from '../integration/src/dovecot-auth/dialogue.ts';
import { type DebianHost, hosts, MailHost } from '../integration/src/dovecot-auth/mail-host.ts';
import { openStore } from '../packages/relay/src/store/store.ts';
import { type BenchRow, median, percentile, report, row } from './harness.ts';

process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
const parts = ['store', 'backend', 'dovecot', 'storm'];
const { values } = parseArgs({
  options: {
    part: { type: 'string', multiple: true, default: parts },
    rounds: { type: 'string', default: '3' },
    storm: { type: 'string', default: '10000' },
    dovecot: { type: 'string', multiple: true, default: ['2.3', '2.4'] },
  },
});
const sizes = [1_000, 100_000, 1_000_000] as const;
const lookups = 20_000;
const creations = 300;
const rounds = Number(values.rounds);
/** As many people have an account at a time; the bursts that need no Argon2 go round among them, for about as long. */
const people = 200;
const loginsPerBurst = { imap: 200, submission: 1_000 } as const;
const atOnce = 20;
/** As many as Dovecot lets log in at a time unless told otherwise: the others wait until it takes their connection. */
const atOnceInStorm = 100;
const machineMade = 'k9TfzQ2WmhXb7RLcP4vGsD';
const typed = 'correct horse battery';
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
  await store.close();
  const rss = await servedMemory(folder, filled);
  const target = { kind: 'at most', limit: 120, of: 'value' } as const;
  rows.push(
    row({ name: '1,000,000 accounts: memory of the auth service', value: inMegabytes(rss), unit: 'MB', target }),
  );
  rmSync(folder, { recursive: true });
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

const protocols = ['imap', 'submission'] as const;
type Protocol = (typeof protocols)[number];

async function login(host: MailHost, protocol: Protocol, user: string, password: string): Promise<boolean> {
  using client = await (protocol === 'imap' ? host.imap() : host.submission());
  if (protocol === 'imap') return (await client.say(`AUTHENTICATE PLAIN ${plain(user, password)}`)).startsWith('OK ');
  await client.say('EHLO bench.example');
  return (await client.say(`AUTH PLAIN ${plain(user, password)}`)).startsWith('235 ');
}

/** Logins with so many clients at a time. @returns their rate, and how long the slowest took. */
async function crowd(
  count: number,
  work: (at: number) => Promise<boolean>,
  clients: number = atOnce,
): Promise<{ readonly rate: number; readonly slowestMs: number; readonly failed: number }> {
  let next = 0;
  let slowestMs = 0;
  let failed = 0;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: clients }, async () => {
      for (let at = next++; at < count; at = next++) {
        const since = performance.now();
        if (!(await work(at))) failed += 1;
        slowestMs = Math.max(slowestMs, performance.now() - since);
      }
    }),
  );
  return { rate: (count * 1_000) / (performance.now() - startedAt), slowestMs, failed };
}

/** Ends the backend and starts ours; the accounts stay. */
async function startOurs(host: MailHost): Promise<void> {
  await host.stopBackend();
  await host.run(
    ': >/var/log/backend.log; cd /postern; exec setsid node_modules/.bin/node --conditions=@postern/source integration/src/accounts/backend-program.ts >>/var/log/backend.log 2>&1 & echo $! >/run/backend.pid',
  );
  await host.run(
    'for i in $(seq 600); do grep -q ^ready /var/log/backend.log && exit 0; sleep 0.05; done; cat /var/log/backend.log; exit 1',
  );
}

/** As on a relay: without a line of debugging per step. */
async function restartDovecot(host: MailHost): Promise<void> {
  await host.run(
    `sed -i '/^\\(log_debug\\|auth_debug\\|mail_debug\\|auth_verbose\\)/d' /etc/dovecot/dovecot.conf; dovecot stop; for i in $(seq 200); do pgrep -x "dovecot|auth" >/dev/null || break; sleep 0.02; done; dovecot`,
  );
}

/** Two of the same Dovecot side by side, one asking nobody and one asking us: bursts go to them in turns. */
async function measureDovecot(debian: DebianHost): Promise<void> {
  await using limit = await MailHost.start(debian);
  await using ours = await MailHost.start(debian);
  await openDoors(limit, ours);
  const rates = new Map<string, number[]>();
  let failures = 0;
  const burst = async (what: string, host: MailHost, protocol: Protocol, from: number): Promise<void> => {
    const count = /static|warm/.test(what) ? loginsPerBurst[protocol] : people;
    const { rate, failed } = await crowd(count, (at) => login(host, protocol, benchUser(from + (at % people)), typed));
    failures += failed;
    rates.set(what, [...(rates.get(what) ?? []), rate]);
    process.stderr.write(`· Dovecot ${debian.version}: ${what}: ${rate.toFixed(1)} logins a second\n`);
  };
  for (let round = 0; round < rounds; round += 1) {
    for (const protocol of protocols) {
      const from = 1_000 + (round * protocols.length + protocols.indexOf(protocol)) * people;
      await burst(`${protocol} new`, ours, protocol, from);
      for (let turn = 0; turn < 2; turn += 1) {
        await burst(`${protocol} static`, limit, protocol, from);
        await burst(`${protocol} warm`, ours, protocol, from);
      }
      await startOurs(ours);
      await restartDovecot(ours);
      await burst(`${protocol} cold, passwords of people`, ours, protocol, from);
    }
  }
  const medianOf = (what: string): number => median(rates.get(what) ?? []);
  for (const [what, all] of rates) {
    const baseline = medianOf(what.startsWith('imap') ? 'imap static' : 'submission static');
    rows.push(
      row({
        name: `Dovecot ${debian.version}: ${what}`,
        value: median(all),
        unit: 'logins/s',
        ...(!what.endsWith(' static') && { baseline }),
        ...(what.endsWith(' warm') && { target: { kind: 'at least', limit: 0.9, of: 'ratio' } }),
      }),
    );
  }
  const none = { kind: 'at most', limit: 0, of: 'value' } as const;
  rows.push(row({ name: `Dovecot ${debian.version}: failed logins`, value: failures, unit: 'logins', target: none }));
}

/** Everybody comes back at once after a restart of Dovecot and of the backend; then the same without a backend. */
async function measureStorm(debian: DebianHost): Promise<void> {
  const known = 500;
  const clients = Number(values.storm);
  await using limit = await MailHost.start(debian);
  await using ours = await MailHost.start(debian);
  await openDoors(limit, ours);
  const storm = (host: MailHost, count: number): ReturnType<typeof crowd> =>
    crowd(count, (at) => login(host, 'imap', benchUser(at % known), machineMade), atOnceInStorm);
  for (const host of [ours, limit]) await storm(host, known); // everybody has an account and a mailbox
  await startOurs(ours);
  await restartDovecot(ours);
  const stormOnOurs = await storm(ours, clients);
  process.stderr.write(`· Dovecot ${debian.version}: with us ${stormOnOurs.rate.toFixed(1)} logins a second\n`);
  await restartDovecot(limit);
  const inTurn = { ours: stormOnOurs, limit: await storm(limit, clients) };
  const name = `Dovecot ${debian.version}: storm of ${clients.toLocaleString('en')} clients after a restart`;
  rows.push(
    row({
      name: `${name}, all in after`,
      value: clients / inTurn.ours.rate,
      unit: 's',
      baseline: clients / inTurn.limit.rate,
    }),
    row({ name: `${name}, the slowest`, value: inTurn.ours.slowestMs, unit: 'ms', baseline: inTurn.limit.slowestMs }),
    row({
      name: `${name}, failed`,
      value: inTurn.ours.failed,
      unit: 'logins',
      target: { kind: 'at most', limit: 0, of: 'value' },
    }),
  );
}

async function openDoors(limit: MailHost, ours: MailHost): Promise<void> {
  await limit.useDoor('static');
  await ours.useDoor('auth-protocol');
  await startOurs(ours);
  for (const host of [limit, ours]) {
    await restartDovecot(host);
    // The first ones start processes.
    for (const protocol of protocols) await crowd(atOnce, (at) => login(host, protocol, benchUser(at), typed));
  }
}

if (values.part.includes('store')) await measureStore();
if (values.part.includes('backend')) await measureBackend();
for (const debian of hosts.filter(({ version }) => values.dovecot.includes(version))) {
  if (values.part.includes('dovecot')) await measureDovecot(debian);
  if (values.part.includes('storm')) await measureStorm(debian);
}
await report('accounts', rows);
process.exit();
