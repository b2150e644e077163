import { readFile, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { ensureEngine, type Suite } from '@postern/docker';
import { raiseInotifyLimit } from '@postern/relay';
import { hopNames, type HopTimes, makeStock, measureHops } from '../integration/src/delivery/hops.ts';
import { ImapClient } from '../integration/src/delivery/imap-client.ts';
import { LmtpClient } from '../integration/src/delivery/lmtp-client.ts';
import { hibernation, startNotifyServer } from '../integration/src/delivery/notify-server.ts';
import { startRelay } from '../integration/src/relay.ts';
import { type BenchRow, median, percentile, report, row } from './harness.ts';

/** Where the time of one delivery goes, hop by hop, with and without what the relay does about it: docs/latency.md. */
const document = new URL('../docs/latency.md', import.meta.url);
const [messages, deliveries] = [Number(process.argv[2] ?? 25), 200];
const debian = { trixie: 'Debian 13', bookworm: 'Debian 12' } as const;

async function measureRelay(suite: Suite): Promise<{ ours: HopTimes; stock: HopTimes }> {
  await using relay = await startRelay({
    domain: '_latency.test',
    suite,
    config: 'limits.messages_per_minute = 10000',
  });
  await measureHops(relay, 3); // creates the accounts, starts what starts on demand
  const ours = await measureHops(relay, messages);
  await makeStock(relay);
  await measureHops(relay, 3);
  return { ours, stock: await measureHops(relay, messages) };
}

/** From LMTP's 250 to the waiting client, in milliseconds; negative when the client heard first. */
async function measureNotification(suite: Suite, pauseMs: number): Promise<number[]> {
  await using server = await startNotifyServer(suite, hibernation);
  await using lmtp = await LmtpClient.open(server.lmtp);
  await using client = await ImapClient.open(server.imap, { name: 'waiting' });
  await client.idle();
  const times: number[] = [];
  for (let at = 0; at < (pauseMs > 1000 ? deliveries / 10 : deliveries); at += 1) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    const heard = client.notified(/EXISTS/).then(() => performance.now());
    await lmtp.deliver('waiting');
    const accepted = performance.now();
    times.push((await heard) - accepted);
  }
  return times;
}

function hopRows(suite: Suite, { ours, stock }: { ours: HopTimes; stock: HopTimes }): BenchRow[] {
  return hopNames.map((hop) =>
    row({
      name: `${debian[suite]}: ${hop}`,
      value: median(ours.get(hop) ?? []),
      baseline: median(stock.get(hop) ?? []),
      unit: 'ms',
    }),
  );
}

function markdown(rows: readonly BenchRow[]): string {
  const cell = (value: number | undefined): string => (value === undefined ? '' : value.toFixed(1));
  const lines = rows.map(({ name, value, baseline }) => `| ${name} | ${cell(baseline)} | ${cell(value)} |`);
  const load = `Load average at the end of the run, on ${cpus().length} cores: ${(loadavg()[1] ?? 0).toFixed(1)} (above the number of cores, other work was in the way).`;
  return [load, '', '| milliseconds | stock settings | relay |', '| --- | --: | --: |', ...lines].join('\n');
}

async function writeDocument(rows: readonly BenchRow[]): Promise<void> {
  const text = await readFile(document, 'utf8');
  const marked = /(<!-- measured: .*? -->\n)[^]*(<!-- end -->)/;
  const about = `<!-- measured: npm run bench -- latency -->\n\n${markdown(rows)}\n\n<!-- end -->`;
  await writeFile(
    document,
    text.replace(marked, () => about),
  );
}

process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
await ensureEngine();
const tooLow = await raiseInotifyLimit();
if (tooLow !== undefined) process.stderr.write(`${tooLow.advice}\n`);
const rows: BenchRow[] = [];
for (const suite of ['trixie', 'bookworm'] as const) {
  rows.push(...hopRows(suite, await measureRelay(suite)));
  for (const [kind, pauseMs] of [
    ['awake', 10],
    ['hibernated', 1500],
  ] as const) {
    const times = await measureNotification(suite, pauseMs);
    const name = `${debian[suite]}: LMTP 250 to EXISTS, client ${kind}`;
    rows.push(row({ name: `${name}, median`, value: percentile(times, 50), unit: 'ms' }));
    const target = { kind: 'at most', limit: 30, of: 'value' } as const;
    rows.push(row({ name: `${name}, p99`, value: percentile(times, 99), unit: 'ms', target }));
  }
}
await report('latency', rows);
await writeDocument(rows);
