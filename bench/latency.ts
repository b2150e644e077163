import { readFile, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { ensureEngine, type Suite } from '@postern/docker';
import { raiseInotifyLimit } from '@postern/relay';
import { starttls } from '../integration/src/delivery/handshake.ts';
import { type Delivery, hopNames, measureHops } from '../integration/src/delivery/hops.ts';
import { makeStock, measureSettings } from '../integration/src/delivery/settings.ts';
import { readTrace, startTrace, stationNames } from '../integration/src/delivery/trace.ts';
import { startRelay, type TestRelay } from '../integration/src/relay.ts';
import { type BenchRow, median, report, row } from './harness.ts';
import { notificationRows } from './notification.ts';

/** Where the time of one delivery goes, hop by hop, and what each setting buys: the tables of docs/latency.md. */
const document = new URL('../docs/latency.md', import.meta.url);
const messages = Number(process.argv[2] ?? 25);
const metricsPort = 9090;
const suites = { trixie: 'Debian 13', bookworm: 'Debian 12' } as const;
const options = {
  domain: '_latency.test',
  config: `limits.messages_per_minute = 10000\nmetrics.port = ${metricsPort}`,
};

/** Milliseconds that Postfix has waited for the filter of submissions, all stages of all messages so far. */
async function filterMs(relay: TestRelay): Promise<number> {
  const text = await relay.run(
    `node -e "fetch('http://127.0.0.1:${metricsPort}/metrics').then((answer) => answer.text()).then(console.log)"`,
  );
  const sums = text.matchAll(/^postern_filter_seconds_sum\{door="submission".*\} (\S+)$/gm);
  return [...sums].reduce((total, [, seconds]) => total + Number(seconds) * 1000, 0);
}

function hopRows(ours: readonly Delivery[], stock: readonly Delivery[]): BenchRow[] {
  return hopNames.map((hop) => {
    const of = (all: readonly Delivery[]): number => median(all.map(({ times }) => times.get(hop) ?? 0));
    return row({ name: hop, value: of(ours), baseline: of(stock), unit: 'ms' });
  });
}

/** Full handshakes, and what it would be if the client could come back with the session that it has. */
async function starttlsRow(relay: TestRelay, port: number): Promise<(stock: TestRelay) => Promise<BenchRow>> {
  const host = relay.container.getIpAddress(relay.container.getNetworkNames()[0] ?? 'bridge');
  const measure = async (): Promise<number> => {
    const times: number[] = [];
    let session: Buffer | undefined;
    for (let at = 0; at < messages; at += 1) {
      const shake = await starttls(host, port, session);
      session = shake.session ?? session;
      times.push(shake.ms);
    }
    return median(times);
  };
  const value = await measure();
  return async () =>
    row({
      name: `connect to ${port}: TCP, STARTTLS, EHLO, again and again`,
      value,
      baseline: await measure(),
      unit: 'ms',
    });
}

interface Measured {
  readonly hops: readonly BenchRow[];
  readonly stations: readonly BenchRow[];
  readonly settings: readonly BenchRow[];
}

const step = (text: string): void => void process.stderr.write(`${text}\n`);

async function measureOn(suite: Suite): Promise<Measured> {
  step(`${suites[suite]}: hops`);
  await using relay = await startRelay({ ...options, suite });
  await measureHops(relay, 3); // creates the accounts, starts what starts on demand
  const filterBefore = await filterMs(relay);
  const ours = await measureHops(relay, messages);
  const filter = ((await filterMs(relay)) - filterBefore) / messages;
  step('connections');
  const connects = [await starttlsRow(relay, 587), await starttlsRow(relay, 25)];
  step('notification');
  const notifications = await notificationRows(relay);
  step('settings');
  const settings = (await measureSettings(relay, suite, Math.ceil(messages / 2))).map(
    ({ name, measures, withIt, without }) =>
      row({ name: `${name}; ${measures}`, value: median(withIt), baseline: median(without), unit: 'ms' }),
  );
  step('trace');
  await using traced = await startRelay({ ...options, suite });
  await startTrace(traced);
  await measureHops(traced, 3);
  const trace = await readTrace(traced, await measureHops(traced, messages));
  const stations = stationNames.map((name) => row({ name, value: median(trace.get(name) ?? []), unit: 'ms' }));
  step('stock');
  await makeStock(relay);
  await measureHops(relay, 3);
  const hops = hopRows(ours, await measureHops(relay, messages));
  for (const connect of connects) hops.push(await connect(relay));
  hops.push(row({ name: 'the filter itself, all its stages, mean', value: filter, unit: 'ms' }), ...notifications);
  return { hops, stations, settings };
}

function table(head: string, columns: readonly Column[], all: readonly (readonly BenchRow[])[]): string {
  const names = [...new Set(all.flat().map(({ name }) => name))];
  const cell = (value: number | undefined): string => value?.toFixed(1) ?? '';
  const lines = names.map((name) => {
    const cells = all.flatMap((rows) => {
      const found = rows.find((one) => one.name === name);
      return columns.map((column) => cell(found?.[column]));
    });
    return `| ${[name, ...cells].join(' | ')} |`;
  });
  const count = 1 + columns.length * all.length;
  return [head, `| --- |${' --: |'.repeat(count - 1)}`, ...lines].join('\n');
}
type Column = 'value' | 'baseline';

function markdown([trixie, bookworm]: readonly [Measured, Measured]): string {
  const load = (loadavg()[1] ?? 0).toFixed(1);
  const both = (part: keyof Measured): BenchRow[][] => [[...trixie[part]], [...bookworm[part]]];
  return [
    `Medians of ${messages} messages, in milliseconds. Load average at the end of the run, on ${cpus().length} cores: ${load} (much above that number, other work was in the way).`,
    '',
    table(
      '| what the client sees | 13: stock settings | 13: relay | 12: stock settings | 12: relay |',
      ['baseline', 'value'],
      both('hops'),
    ),
    '',
    'Between the message’s last octet and EXISTS, in a run of its own under strace, which slows all of it a little:',
    '',
    table('| inside the relay | Debian 13 | Debian 12 |', ['value'], both('stations')),
    '',
    'Each setting taken back alone:',
    '',
    table(
      '| setting; what it is measured by | 13: without | 13: with | 12: without | 12: with |',
      ['baseline', 'value'],
      both('settings'),
    ),
  ].join('\n');
}

process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
await ensureEngine();
const tooLow = await raiseInotifyLimit();
if (tooLow !== undefined) process.stderr.write(`${tooLow.advice}\n`);
const measured = [await measureOn('trixie'), await measureOn('bookworm')] as const;
const named = (suite: Suite, part: keyof Measured, one: Measured): BenchRow[] =>
  one[part].map((found) => ({ ...found, name: `${suites[suite]}: ${found.name}` }));
await report(
  'latency',
  (['hops', 'stations', 'settings'] as const).flatMap((part) => [
    ...named('trixie', part, measured[0]),
    ...named('bookworm', part, measured[1]),
  ]),
);
const text = await readFile(document, 'utf8');
const marked = /(<!-- measured: .*? -->\n)[^]*(<!-- end -->)/;
await writeFile(
  document,
  text.replace(marked, (_all, before: string, after: string) => `${before}\n${markdown(measured)}\n\n${after}`),
);
