/**
 * `npm run bench -- auth-doors`: what each door between Dovecot and a backend costs, and what people see of restarts.
 * The backend hashes nothing and Dovecot's logs are at their highest level, so that only ratios mean something:
 * `static` is the same Dovecot asking nobody, in the same run.
 */
import { plain } from '../integration/src/dovecot-auth/dialogue.ts';
import { hosts, MailHost } from '../integration/src/dovecot-auth/mail-host.ts';
import type { Door } from '../integration/src/dovecot-auth/mail-host.ts';
import { median, report, row } from './harness.ts';
import type { BenchRow } from './harness.ts';

// Containers are stopped here, as in the tests.
process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';

const rounds = 2;
const coldClients = 60;
const warmLogins = 120;
const atOnce = 20;
const outageMs = 3_000;
const patienceMs = 25_000;

const password = 'Correct-Horse-1';

async function login(host: MailHost, user: string): Promise<boolean> {
  using imap = await host.imap();
  const answer = imap.say(`AUTHENTICATE PLAIN ${plain(user, password)}`);
  return (await answer).startsWith('OK ');
}

/** How many got in, and after how many seconds the last one. Nobody waits longer than a client would. */
async function crowd(host: MailHost, size: number): Promise<{ in: number; slowestSeconds: number }> {
  const startedAt = performance.now();
  let slowest = 0;
  const results = await Promise.all(
    Array.from({ length: size }, async (_, n) => {
      const isIn = await Promise.race([
        login(host, `user${n}@example.org`).catch(() => false),
        new Promise<boolean>((resolve) => {
          setTimeout(() => resolve(false), patienceMs).unref();
        }),
      ]);
      if (isIn) slowest = Math.max(slowest, performance.now() - startedAt);
      return isIn;
    }),
  );
  return { in: results.filter(Boolean).length, slowestSeconds: slowest / 1_000 };
}

/** Logins per second with `atOnce` clients at a time. */
async function warm(host: MailHost): Promise<number> {
  const startedAt = performance.now();
  let next = 0;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let n = next++; n < warmLogins; n = next++) {
        if (!(await login(host, `user${n % coldClients}@example.org`))) throw new Error('a warm login failed');
      }
    }),
  );
  return (warmLogins * 1_000) / (performance.now() - startedAt);
}

/** People who come while the backend is away for three seconds. */
async function outage(host: MailHost, door: Door, held: boolean): Promise<{ in: number; slowestSeconds: number }> {
  if (held) await host.pauseBackend();
  else await host.stopBackend();
  const people = crowd(host, atOnce);
  await new Promise((resolve) => setTimeout(resolve, outageMs));
  if (held) await host.resumeBackend();
  else await host.startBackend(door);
  return people;
}

const rows: BenchRow[] = [];
for (const { suite, version, doors } of hosts) {
  await using host = await MailHost.start({ suite, version });
  const name = (door: string, what: string): string => `${version} ${door}: ${what}`;
  const measured = new Map<Door, { rate: number[]; coldIn: number[]; coldSlowest: number[] }>();
  for (let round = 0; round < rounds; round += 1) {
    for (const door of ['static', ...doors] as const) {
      await host.useDoor(door);
      await crowd(host, coldClients); // makes the accounts
      await host.run(
        'dovecot stop; for i in $(seq 200); do pgrep -x "dovecot|auth" >/dev/null || break; sleep 0.02; done; dovecot',
      );
      const cold = await crowd(host, coldClients);
      const rate = await warm(host);
      const of = measured.get(door) ?? { rate: [], coldIn: [], coldSlowest: [] };
      measured.set(door, of);
      of.rate.push(rate);
      of.coldIn.push(cold.in);
      of.coldSlowest.push(cold.slowestSeconds);
    }
  }
  const baseline = median(measured.get('static')?.rate ?? []);
  for (const [door, { rate, coldIn, coldSlowest }] of measured) {
    rows.push(
      row({ name: name(door, 'warm logins'), value: median(rate), unit: 'logins/s', baseline }),
      row({
        name: name(door, `cold, of ${coldClients} at once got in (worst round)`),
        value: Math.min(...coldIn),
        unit: 'clients',
      }),
      row({ name: name(door, 'cold, the slowest of them'), value: median(coldSlowest), unit: 's' }),
    );
  }
  for (const door of doors) {
    for (const held of door === 'auth-protocol' ? [true, false] : [false]) {
      await host.useDoor(door, { held });
      await crowd(host, atOnce);
      const people = await outage(host, door, held);
      const socket = held ? 'held socket' : 'own socket';
      rows.push(
        row({
          name: name(door, `outage of ${outageMs / 1_000} s, ${socket}, of ${atOnce} got in`),
          value: people.in,
          unit: 'clients',
        }),
      );
      if (people.in > 0) {
        rows.push(
          row({ name: name(door, `outage, ${socket}, the slowest of them`), value: people.slowestSeconds, unit: 's' }),
        );
      }
    }
  }
}
await report('auth-doors', rows);
process.exit();
