import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startRelay, type TestRelay } from '../../integration/src/relay.ts';
import { change } from '../../integration/src/storage/mailbox.ts';
import { type BenchRow, row } from '../harness.ts';

const domain = '_expiry.test';
const filler = '/opt/postern/filler.cjs';
/** Ages of the messages in each mailbox, in days: nothing is too old. */
const ages = [1, 5, 9, 13, 17];
const tooOld = [21];
const folder = '/var/lib/postern/mail';

/**
 * A relay with many mailboxes of five messages, on its first run, when nothing is known of any; in an hour in which
 * nothing is due; on a day on which something is in one mailbox of twenty; and a full mailbox of small messages.
 */
export async function measureExpiry(mailboxes: number): Promise<readonly BenchRow[]> {
  const config = 'mail.max_message_bytes = 2000000\nkeep.mailbox_mb = 10';
  await using relay = await startRelay({ domain, config });
  const program = await readFile(join(import.meta.dirname, 'filler.cjs'));
  await relay.container.copyContentToContainer([{ content: program, target: filler }]);
  const fill = (count: number, every: number, days: readonly number[]): Promise<string> =>
    relay.run(`node ${filler} ${domain} ${count} ${every} ${days.join(',')}`);
  await fill(mailboxes, 1, ages);
  await fill(mailboxes, 20, tooOld);

  const walk = await measure(relay, `find ${folder} -type f -mtime +20 | wc -l`);
  const first = await measure(relay, 'postern expire --json');
  const idle = await measure(relay, 'postern expire --json');
  await fill(mailboxes, 20, tooOld);
  await change(relay, 'update mailbox_visits set visit_at = 0 where cast(substr(address, 2, 8) as integer) % 20 = 0');
  const day = await measure(relay, 'postern expire --json');
  for (const [name, { report }] of Object.entries({ first, day })) {
    const removed = Number(/"messages":(\d+)/.exec(report)?.[1]);
    if (removed !== Math.ceil(mailboxes / 20)) throw new Error(`${name}: ${report}`);
  }

  const small = Array.from({ length: 4_000 }, (_, at) => 2 + at / 1_000);
  await fill(1, 1, small);
  const full = await measure(relay, `postern expire --json u00000000@${domain}`);
  if (!/"evicted":[1-9]/.test(full.report)) throw new Error(full.report);

  const name = mailboxes.toLocaleString('en');
  const each = (seconds: number, count: number): number => (seconds * 1_000) / count;
  const due = Math.ceil(mailboxes / 20);
  return [
    row({ name: `${name} mailboxes: first run, each looked at`, value: first.seconds, unit: 's' }),
    row({ name: `${name} mailboxes: first run, CPU`, value: first.cpuSeconds, unit: 's' }),
    row({ name: 'first run: CPU per mailbox', value: each(first.cpuSeconds, mailboxes), unit: 'ms' }),
    row({
      name: `${name} mailboxes: an hour in which nothing is due, CPU`,
      value: idle.cpuSeconds,
      unit: 's',
      baseline: first.cpuSeconds,
      target: { kind: 'at most', limit: 0.05, of: 'ratio' },
    }),
    row({
      name: `${name} mailboxes: a day on which 1 of 20 is due, CPU`,
      value: day.cpuSeconds,
      unit: 's',
      baseline: first.cpuSeconds,
      target: { kind: 'at most', limit: 0.15, of: 'ratio' },
    }),
    row({ name: 'such a day', value: day.seconds, unit: 's' }),
    row({ name: 'such a day: CPU per mailbox that is due', value: each(day.cpuSeconds, due), unit: 'ms' }),
    row({ name: 'beside that: find(1) over every file, in warm memory', value: walk.seconds, unit: 's' }),
    row({ name: 'making room in a mailbox of 4,000 messages', value: full.seconds, unit: 's' }),
    row({ name: 'making room in a mailbox of 4,000 messages, CPU', value: full.cpuSeconds, unit: 's' }),
  ];
}

/** Runs a command, and counts what the whole relay used meanwhile: Dovecot and our services work for it, too. */
async function measure(
  relay: TestRelay,
  command: string,
): Promise<{ readonly seconds: number; readonly cpuSeconds: number; readonly report: string }> {
  const cpu = async (): Promise<number> =>
    Number(/usage_usec (\d+)/.exec(await relay.run('cat /sys/fs/cgroup/cpu.stat'))?.[1]) / 1e6;
  const before = await cpu();
  const startedAt = performance.now();
  const report = await relay.run(command);
  const seconds = (performance.now() - startedAt) / 1_000;
  return { seconds, cpuSeconds: (await cpu()) - before, report };
}
