import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startRelay, type TestRelay } from '../../integration/src/relay.ts';
import { change } from '../../integration/src/storage/mailbox.ts';
import { type BenchRow, row } from '../harness.ts';
import { cpuSeconds } from './cpu.ts';

const domain = '_expiry.test';
const filler = '/opt/postern/filler.cjs';
/** Ages of the messages in a mailbox, in days: nothing is too old. */
const young = [1, 5, 9, 13];
/** And of one that is. */
const tooOld = [21];
const smallMessages = 4_000;
/** One of so many has something due; the others are not touched, and have no files here. */
const oneIn = 50;

/**
 * A relay with many accounts: an hour in which nothing is due; mailboxes of which something is due and that Dovecot has never
 * indexed, and the same when it has; and a full mailbox of small messages.
 */
export async function measureExpiry(accounts: number): Promise<readonly BenchRow[]> {
  const config = 'mail.max_message_bytes = 2000000\nkeep.mailbox_mb = 10';
  await using relay = await startRelay({ domain, config });
  const program = await readFile(join(import.meta.dirname, 'filler.cjs'));
  await relay.container.copyContentToContainer([{ content: program, target: filler }]);
  const fill = (count: number, every: number, days: readonly number[]): Promise<string> =>
    relay.run(`node ${filler} ${domain} ${count} ${every} ${days.join(',')}`);
  const due = Math.ceil(accounts / oneIn);
  const day = async (): Promise<Measured> => {
    await fill(accounts, oneIn, tooOld);
    await change(
      relay,
      `update mailbox_visits set visit_at = 0 where cast(substr(address, 2, 8) as int) % ${oneIn} = 0`,
    );
    const measured = await measure(relay, 'postern expire --json');
    const [looked, removed] = ['mailboxes', 'messages'].map((name) => countOf(measured, name));
    if (looked !== due || removed !== due) throw new Error(measured.report);
    return measured;
  };

  // The relay's own hourly run would do part of the work that is measured.
  await relay.run('pkill -STOP -f "[m]ain.js supervise"');
  // As after a run: everybody is noted, and nobody due.
  await fill(accounts, oneIn, young);
  await change(relay, 'insert or replace into mailbox_visits select address, unixepoch() + 600000 from accounts');
  const idle = await measure(relay, 'postern expire --json');
  const first = await day();
  const second = await day();
  const small = Array.from({ length: smallMessages }, (_, at) => 2 + at / 1_000);
  await fill(1, 1, small);
  const full = await measure(relay, `postern expire --json u00000000@${domain}`);
  if (countOf(full, 'evicted') === 0) throw new Error(full.report);

  await relay.run('pkill -CONT -f "[m]ain.js supervise"');

  const name = `${accounts.toLocaleString('en')} accounts`;
  const each = ({ cpuSeconds }: Measured): number => (cpuSeconds * 1_000) / due;
  return [
    row({ name: `${name}, an hour in which nothing is due`, value: idle.seconds, unit: 's' }),
    row({
      name: `${name}, an hour in which nothing is due: CPU`,
      value: idle.cpuSeconds,
      unit: 's',
      baseline: second.cpuSeconds,
      target: { kind: 'at most', limit: 0.25, of: 'ratio' },
    }),
    row({ name: `${name}, ${due.toLocaleString('en')} with something due`, value: second.seconds, unit: 's' }),
    row({ name: `${name}, ${due.toLocaleString('en')} with something due: CPU`, value: second.cpuSeconds, unit: 's' }),
    row({ name: 'CPU for a mailbox that is due', value: each(second), unit: 'ms' }),
    row({ name: 'CPU for one that Dovecot has no index of yet', value: each(first), unit: 'ms' }),
    row({
      name: `room made in a mailbox of ${smallMessages.toLocaleString('en')} messages`,
      value: full.seconds,
      unit: 's',
    }),
    row({
      name: `room made in a mailbox of ${smallMessages.toLocaleString('en')} messages: CPU`,
      value: full.cpuSeconds,
      unit: 's',
    }),
  ];
}

interface Measured {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly report: string;
}

function countOf({ report }: Measured, name: string): number {
  return Number(new RegExp(`"${name}":(\\d+)`).exec(report)?.[1]);
}

/** Runs a command, and counts what the whole relay used meanwhile: Dovecot and our services work for it, too. */
async function measure(relay: TestRelay, command: string): Promise<Measured> {
  const before = await cpuSeconds(relay);
  const startedAt = performance.now();
  const report = await relay.run(command);
  const seconds = (performance.now() - startedAt) / 1_000;
  return { seconds, cpuSeconds: (await cpuSeconds(relay)) - before, report };
}
