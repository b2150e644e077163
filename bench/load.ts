import { writeFile } from 'node:fs/promises';
import { ensureEngine } from '@postern/docker';
import { raiseInotifyLimit } from '@postern/relay';
import { Crowd, importAccounts } from '../integration/src/delivery/crowd.ts';
import { areAwake } from '../integration/src/delivery/notification.ts';
import { startRelay, type TestRelay } from '../integration/src/relay.ts';
import { type BenchRow, percentile, report, row } from './harness.ts';
import { loadChart, type LoadPoint } from '../integration/src/delivery/load-chart.ts';

/**
 * How much one relay bears: 300 people who all wait for mail, and messages at a rising rate until the slowest twentieth
 * takes more than a second; then a restart of Dovecot with many clients connected (the first argument, 5,000).
 */
const accounts = 300;
const clients = Number(process.argv[2] ?? 5000);
const [secondsPerRate, sessions, limitMs] = [10, 10, 1000];
const ratesPerSecond = [5, 10, 20, 40, 80, 160, 320];

/** What the relay's container has used so far, by either version of the kernel's accounting. */
async function usage(relay: TestRelay): Promise<{ cpuSeconds: number; memoryMb: number }> {
  const [cpu = '', memory = ''] = (
    await relay.run(
      `cd /sys/fs/cgroup; { cat cpuacct/cpuacct.usage 2>/dev/null || sed -n 's/^usage_usec \\(.*\\)/\\1000/p' cpu.stat; }; cat memory/memory.stat memory.stat 2>/dev/null | sed -nE 's/^(total_rss|anon) //p'`,
    )
  ).split('\n');
  return { cpuSeconds: Number(cpu) / 1e9, memoryMb: Number(memory) / 1e6 };
}

/** Seconds of CPU by program, since the relay started; `ended` is what Dovecot's processes used that are gone. */
async function cpuByProgram(relay: TestRelay): Promise<Map<string, number>> {
  const lines = await relay.run('cat /proc/[0-9]*/stat 2>/dev/null || true');
  const used = new Map<string, number>();
  const add = (name: string, ticks: number): void => void used.set(name, (used.get(name) ?? 0) + ticks / 100);
  for (const [, name = '', rest = ''] of lines.matchAll(/^\d+ \((.*)\) (.*)$/gm)) {
    const fields = rest.split(' ').map(Number); // proc_pid_stat(5): utime is the 14th field, 11 behind the state
    add(name, (fields[11] ?? 0) + (fields[12] ?? 0));
    if (name === 'dovecot') add('ended', (fields[13] ?? 0) + (fields[14] ?? 0));
  }
  return used;
}

async function measureRate(relay: TestRelay, crowd: Crowd, rate: number): Promise<LoadPoint> {
  const [before, programsBefore] = [await usage(relay), await cpuByProgram(relay)];
  const ownBefore = process.cpuUsage();
  const start = performance.now();
  const times = await crowd.exchange(rate, secondsPerRate, sessions);
  const seconds = (performance.now() - start) / 1000;
  const cores = ((await usage(relay)).cpuSeconds - before.cpuSeconds) / seconds;
  const own = process.cpuUsage(ownBefore);
  const clientCores = (own.user + own.system) / 1e6 / seconds;
  const programs = [...(await cpuByProgram(relay))]
    .map(([name, used]) => ({ name, cores: (used - (programsBefore.get(name) ?? 0)) / seconds }))
    .toSorted((a, b) => b.cores - a.cores)
    .slice(0, 6);
  const [p50, p95, p99] = [percentile(times, 50), percentile(times, 95), percentile(times, 99)];
  return { perMinute: rate * 60, p50, p95, p99, cores, clientCores, programs };
}

function rowsOf({ perMinute, p50, p95, p99, cores, clientCores, programs }: LoadPoint): BenchRow[] {
  const name = `${perMinute} messages per minute`;
  return [
    row({ name: `${name}, one-way p50`, value: p50, unit: 'ms' }),
    row({ name: `${name}, one-way p95`, value: p95, unit: 'ms' }),
    row({ name: `${name}, one-way p99`, value: p99, unit: 'ms' }),
    row({ name: `${name}, the relay's CPU`, value: cores, unit: 'cores' }),
    row({ name: `${name}, the clients' CPU on the same machine`, value: clientCores, unit: 'cores' }),
    ...programs.map((used) => row({ name: `${name}, CPU of ${used.name}`, value: used.cores, unit: 'cores' })),
  ];
}

process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
await ensureEngine();
const tooLow = await raiseInotifyLimit();
if (tooLow !== undefined) process.stderr.write(`${tooLow.advice}\n`);
await using relay = await startRelay({ domain: '_load.test', config: 'limits.messages_per_minute = 10000' });
await importAccounts(relay, accounts);
await using crowd = new Crowd(relay);
await crowd.grow(1, accounts);
const empty = await usage(relay);
await crowd.grow(accounts, accounts);
// Everybody's imported password is being hashed anew.
for (let cores = 1; cores > 0.1;) {
  const before = (await usage(relay)).cpuSeconds;
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  cores = ((await usage(relay)).cpuSeconds - before) / 5;
}
const rows: BenchRow[] = [];
const points: LoadPoint[] = [];
for (const rate of ratesPerSecond) {
  const point = await measureRate(relay, crowd, rate);
  points.push(point);
  rows.push(...rowsOf(point));
  process.stderr.write(`${JSON.stringify(point)}\n`);
  if (point.p95 > limitMs) break;
}
await crowd.grow(clients, accounts);
await relay.eventually(areAwake(0));
await relay.eventually('[ "$(pgrep -xc imap)" -le 4 ]'); // the others stay for some seconds
const full = await usage(relay);
const perThousand = ((full.memoryMb - empty.memoryMb) / clients) * 1000;
rows.push(row({ name: 'memory for 1,000 clients that wait', value: perThousand, unit: 'MB' }));
const idleSeconds = 10;
await new Promise((resolve) => setTimeout(resolve, idleSeconds * 1000));
const idleCores = ((await usage(relay)).cpuSeconds - full.cpuSeconds) / idleSeconds;
rows.push(row({ name: 'CPU for 1,000 clients that wait', value: (idleCores / clients) * 1000, unit: 'cores' }));
await relay.run('kill $(cat /run/postern/dovecot/master.pid)');
const backMs = await crowd.comeBack(0.95);
rows.push(row({ name: `Dovecot restarted: 95 % of ${clients} clients are back`, value: backMs / 1000, unit: 's' }));
await report('load', rows);
const documents = new URL('../docs/', import.meta.url);
await writeFile(new URL('load.svg', documents), loadChart(points, accounts));
const columns = ['perMinute', 'p50', 'p95', 'p99', 'cores', 'clientCores'] as const;
const lines = points.map((point) => columns.map((column) => Number(point[column].toPrecision(4))).join(','));
await writeFile(new URL('load.csv', documents), `${[columns.join(','), ...lines].join('\n')}\n`);
