import { writeFile } from 'node:fs/promises';
import { ensureEngine } from '@postern/docker';
import { raiseInotifyLimit } from '@postern/relay';
import { Crowd, importAccounts } from '../integration/src/delivery/crowd.ts';
import { startRelay, type TestRelay } from '../integration/src/relay.ts';
import { type BenchRow, percentile, report, row } from './harness.ts';

/**
 * How much one relay bears: 300 people who all wait for mail, and messages at a rising rate until the slowest twentieth
 * takes more than a second; then a restart of Dovecot with many clients connected (the first argument, 5,000).
 */
const accounts = 300;
const clients = Number(process.argv[2] ?? 5000);
const [secondsPerRate, sessions, limitMs] = [10, 10, 1000];
const ratesPerSecond = [5, 10, 20, 40, 80, 160, 320];

interface Point {
  readonly perMinute: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly cores: number;
}

/** What the relay's container has used so far, by either version of the kernel's accounting. */
async function usage(relay: TestRelay): Promise<{ cpuSeconds: number; memoryMb: number }> {
  const [cpu = '', memory = ''] = (
    await relay.run(
      `cd /sys/fs/cgroup; { cat cpuacct/cpuacct.usage 2>/dev/null || sed -n 's/^usage_usec \\(.*\\)/\\1000/p' cpu.stat; }; cat memory/memory.stat memory.stat 2>/dev/null | sed -nE 's/^(total_rss|anon) //p'`,
    )
  ).split('\n');
  return { cpuSeconds: Number(cpu) / 1e9, memoryMb: Number(memory) / 1e6 };
}

async function measureRate(relay: TestRelay, crowd: Crowd, rate: number): Promise<Point> {
  const before = await usage(relay);
  const start = performance.now();
  const times = await crowd.exchange(rate, secondsPerRate, sessions);
  const seconds = (performance.now() - start) / 1000;
  const cores = ((await usage(relay)).cpuSeconds - before.cpuSeconds) / seconds;
  const [p50, p95, p99] = [percentile(times, 50), percentile(times, 95), percentile(times, 99)];
  return { perMinute: rate * 60, p50, p95, p99, cores };
}

function rowsOf({ perMinute, p50, p95, p99, cores }: Point): BenchRow[] {
  const name = `${perMinute} messages per minute`;
  return [
    row({ name: `${name}, one-way p50`, value: p50, unit: 'ms' }),
    row({ name: `${name}, one-way p95`, value: p95, unit: 'ms' }),
    row({ name: `${name}, one-way p99`, value: p99, unit: 'ms' }),
    row({ name: `${name}, the relay's CPU`, value: cores, unit: 'cores' }),
  ];
}

/** Both axes are logarithmic: rates double, and a queue that grows knows no measure. */
function chart(points: readonly Point[]): string {
  const top = Math.max(...points.map(({ p99 }) => p99), 10);
  const first = points[0]?.perMinute ?? 1;
  const span = Math.log2((points.at(-1)?.perMinute ?? 2) / first) || 1;
  const x = (perMinute: number): number => 60 + (Math.log2(perMinute / first) / span) * 600;
  const y = (ms: number): number => 340 - (Math.log10(Math.max(ms, 1)) / Math.log10(top)) * 300;
  const line = (name: 'p50' | 'p95' | 'p99', colour: string): string =>
    `<polyline fill="none" stroke="${colour}" points="${points.map((point) => `${x(point.perMinute).toFixed(1)},${y(point[name]).toFixed(1)}`).join(' ')}"/>` +
    points
      .map((point) => `<text x="${x(point.perMinute)}" y="${y(point[name]) - 4}">${point[name].toFixed(0)}</text>`)
      .join('') +
    `<text x="670" y="${y(points.at(-1)?.[name] ?? 1) + 12}" fill="${colour}">${name}</text>`;
  const ticks = points.map(({ perMinute }) => `<text x="${x(perMinute)}" y="360">${perMinute}</text>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 390" font-family="sans-serif" font-size="11">
<rect width="720" height="390" fill="white"/>
<text x="60" y="20">one-way delivery, milliseconds, against messages per minute; ${accounts} accounts, each with an idle client</text>
${line('p50', '#2ca02c')}${line('p95', '#1f77b4')}${line('p99', '#d62728')}${ticks.join('')}
</svg>
`;
}

process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
await ensureEngine();
const tooLow = await raiseInotifyLimit();
if (tooLow !== undefined) process.stderr.write(`${tooLow.advice}\n`);
await using relay = await startRelay({ domain: '_load.test', config: 'limits.messages_per_minute = 1000000' });
await importAccounts(relay, accounts);
await using crowd = new Crowd(relay);
await crowd.grow(1, accounts);
const empty = await usage(relay);
await crowd.grow(accounts, accounts);
const rows: BenchRow[] = [];
const points: Point[] = [];
for (const rate of ratesPerSecond) {
  const point = await measureRate(relay, crowd, rate);
  points.push(point);
  rows.push(...rowsOf(point));
  process.stderr.write(`${JSON.stringify(point)}\n`);
  if (point.p95 > limitMs) break;
}
await crowd.grow(clients, accounts);
await relay.run('for n in $(seq 300); do grep -qx imap /proc/[0-9]*/comm || exit 0; sleep 0.1; done; exit 1');
const full = await usage(relay);
const perThousand = ((full.memoryMb - empty.memoryMb) / clients) * 1000;
rows.push(row({ name: 'memory for 1,000 clients that wait', value: perThousand, unit: 'MB' }));
await relay.run('kill $(cat /run/postern/dovecot/master.pid)');
const backMs = await crowd.comeBack(0.95);
rows.push(row({ name: `Dovecot restarted: 95 % of ${clients} clients are back`, value: backMs / 1000, unit: 's' }));
await report('load', rows);
await writeFile('bench-results/load.svg', chart(points));
