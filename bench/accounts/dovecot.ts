/** Logins through real Dovecot and Postfix, and a storm of them, against the same two asking nobody. */
import { benchUser } from '../../integration/src/accounts/bench-accounts.ts';
import { type DebianHost, MailHost } from '../../integration/src/dovecot-auth/mail-host.ts';
import { type BenchRow, median, row } from '../harness.ts';
import {
  crowd,
  login,
  machineMade,
  openDoors,
  type Protocol,
  protocols,
  restartDovecot,
  startOurs,
  typed,
} from './clients.ts';

/** As many people have an account at a time; the bursts that need no Argon2 go round among them, for about as long. */
const people = 200;
const loginsPerBurst = { imap: 200, submission: 1_000 } as const;
/** As many as Dovecot lets log in at a time unless told otherwise: the others wait until it takes their connection. */
const atOnceInStorm = 100;

/** Two of the same Dovecot side by side, one asking nobody and one asking us: bursts go to them in turns. */
export async function measureDovecot(debian: DebianHost, rounds: number): Promise<BenchRow[]> {
  await using limit = await MailHost.start(debian);
  await using ours = await MailHost.start(debian);
  await openDoors(debian, limit, ours);
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
      await restartDovecot(ours, debian);
      await burst(`${protocol} cold, passwords of people`, ours, protocol, from);
    }
  }
  const rows: BenchRow[] = [];
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
  return rows;
}

const sides = ['ours', 'static'] as const;
export type Side = (typeof sides)[number];

/** Everybody comes back at once after a restart of Dovecot and of the backend, or of Dovecot without a backend. */
export async function measureStorm(
  debian: DebianHost,
  { clients, only }: { readonly clients: number; readonly only?: Side | undefined },
): Promise<BenchRow[]> {
  await using limit = await MailHost.start(debian);
  await using ours = await MailHost.start(debian);
  await openDoors(debian, limit, ours);
  const results = new Map<Side, Awaited<ReturnType<typeof crowd>>>();
  for (const side of sides) {
    if (only !== undefined && only !== side) continue;
    const host = side === 'ours' ? ours : limit;
    await storm(host, known); // everybody has an account and a mailbox
    if (side === 'ours') await startOurs(ours);
    await restartDovecot(host, debian);
    const result = await storm(host, clients);
    results.set(side, result);
    const { rate, slowestMs, failed } = result;
    process.stderr.write(
      `· Dovecot ${debian.version}: ${clients} on ${side}: ${rate.toFixed(1)} a second, the slowest ${slowestMs.toFixed(0)} ms, ${failed} failed\n`,
    );
  }
  const name = `Dovecot ${debian.version}: storm of ${clients.toLocaleString('en')} clients after a restart`;
  const none = { kind: 'at most', limit: 0, of: 'value' } as const;
  const baseline = only === undefined ? results.get('static') : undefined;
  return [...results]
    .filter(([side]) => side === (only ?? 'ours'))
    .flatMap(([side, { rate, slowestMs, failed }]) => [
      row({
        name: `${name}, ${side}: all in after`,
        value: clients / rate,
        unit: 's',
        ...(baseline && { baseline: clients / baseline.rate }),
      }),
      row({
        name: `${name}, ${side}: the slowest`,
        value: slowestMs,
        unit: 'ms',
        ...(baseline && { baseline: baseline.slowestMs }),
      }),
      row({ name: `${name}, ${side}: failed`, value: failed, unit: 'logins', target: none }),
    ]);
}

/** So many people, each with many clients. Those before them have logged in with another password. */
const known = 200;
const first = 1_000;

function storm(host: MailHost, clients: number): ReturnType<typeof crowd> {
  const user = (at: number): string => benchUser(first + (at % known));
  return crowd(clients, (at) => login(host, 'imap', user(at), machineMade), atOnceInStorm);
}
