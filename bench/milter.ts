import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestMta } from '@postern/milter/testing';
import { docker, ensureImage } from '../docker/src/index.ts';
import { type BenchRow, median, percentile, report, row } from './harness.ts';

/**
 * What a filter costs: real Postfix with `smtp-source` in one container, without a filter and with each kind of
 * negotiation, in turns; then the library alone.
 */
const rounds = 5;
const sizes = [
  { name: '3 KB', bytes: 3000, messages: 1000 },
  { name: '100 KB', bytes: 100_000, messages: 200 },
  { name: '10 MB', bytes: 10_000_000, messages: 5 },
] as const;
const services = [
  { name: 'no filter', port: 2501, milters: '' },
  { name: 'unix socket', port: 2502, milters: 'unix:bench/filter.sock' },
  { name: 'loopback TCP', port: 2503, milters: 'inet:127.0.0.1:2599' },
  { name: 'unix socket, every event answered', port: 2504, milters: 'unix:bench/waiting.sock' },
] as const;
const bodyOf3KB = Buffer.alloc(3000, 'x');
const filterProgram = join(import.meta.dirname, '../packages/milter/bench/filter.ts');

const folder = await mkdtemp(join(tmpdir(), 'bench-milter-'));
try {
  await report('milter', [...(await throughPostfix()), ...(await libraryAlone()), ...(await memory())]);
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function throughPostfix(): Promise<BenchRow[]> {
  const settings = [
    'maillog_file=/var/log/mail.log',
    'myhostname=mx.bench.example',
    'mydestination=',
    'message_size_limit=0',
    'smtpd_peername_lookup=no',
    'default_transport=discard:',
    'inet_protocols=ipv4',
  ];
  const master = services.map(
    ({ port, milters }) =>
      `postconf -M ${port}/inet="${port} inet n - y - - smtpd" && postconf -P ${port}/inet/smtpd_milters=${milters} && postconf -P ${port}/inet/milter_default_action=tempfail`,
  );
  const script = [
    'mkdir -m 755 /var/spool/postfix/bench',
    `postconf -e ${settings.join(' ')}`,
    ...master,
    '/node --conditions=@postern/source /repo/packages/milter/bench/filter.ts /var/spool/postfix/bench/filter.sock /var/spool/postfix/bench/waiting.sock 2599 & exec postfix start-fg',
  ].join(' && ');
  const repository = join(import.meta.dirname, '..');
  const container = (
    await docker(
      `run --rm --detach --name bench-milter-${process.pid} --entrypoint /usr/bin/tini --volume ${repository}:/repo:ro --volume ${process.execPath}:/node:ro`
        .split(' ')
        .concat(await ensureImage('mail', 'trixie'), '--', 'sh', '-c', script),
    )
  ).trim();
  try {
    await docker([
      'exec',
      container,
      'sh',
      '-c',
      'until smtp-source -m 1 -l 100 127.0.0.1:2502 2>/dev/null && smtp-source -m 1 127.0.0.1:2503 2>/dev/null; do sleep 0.2; done',
    ]);
    const rows: BenchRow[] = [];
    for (const size of sizes) rows.push(...(await measureSize(container, size)));
    return rows;
  } finally {
    await docker(['rm', '--force', container]);
  }
}

async function measureSize(container: string, { name, bytes, messages }: (typeof sizes)[number]): Promise<BenchRow[]> {
  const times = new Map<string, number[]>(services.map((service) => [service.name, []]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const { name: service, port } of services) {
      const command = `start=$(date +%s%N); smtp-source -s 10 -m ${messages} -l ${bytes} 127.0.0.1:${port} >&2; end=$(date +%s%N); echo $(((end - start) / 1000))`;
      const microseconds = Number((await docker(['exec', container, 'sh', '-c', command])).trim());
      if (round > 0) times.get(service)?.push(microseconds / 1000 / messages); // the first round warms up
    }
  }
  const baseline = median(times.get('no filter') ?? []);
  return services.map(({ name: service }) => {
    const own = times.get(service) ?? [];
    const spread = `${Math.min(...own).toFixed(2)}–${Math.max(...own).toFixed(2)}`;
    const isPromised = name === '3 KB' && service === 'unix socket';
    return row({
      name: `${name}, ${service} (${spread})`,
      value: median(own),
      unit: 'ms/message',
      ...(service !== 'no filter' && { baseline }),
      ...(isPromised && { target: { kind: 'at most', limit: 1.03, of: 'ratio' } as const }),
    });
  });
}

/** A filter in a process of its own, on this machine. */
async function startFilter() {
  const path = join(folder, 'filter.sock');
  const child = fork(filterProgram, [path, join(folder, 'waiting.sock')], {
    execArgv: ['--conditions=@postern/source', '--expose-gc'],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  if (child.stdout !== null) await once(child.stdout, 'data');
  const memoryUsage = async (): Promise<{ heapUsed: number; external: number; rss: number }> => {
    child.send('collect');
    const [usage] = await once(child, 'message');
    return usage;
  };
  return { path, child, memoryUsage };
}

async function libraryAlone(): Promise<BenchRow[]> {
  const { path, child } = await startFilter();
  const messages = 3000;
  const latencies: number[] = [];
  const rates: number[] = [];
  const headers = Array.from({ length: 10 }, (_, index) => [`X-Header-${index}`, ` value ${index}`] as const);
  for (let round = 0; round <= rounds; round += 1) {
    const conversation = await new TestMta({ path }).open();
    const startedAt = performance.now();
    for (let count = 0; count < messages; count += 1) {
      await conversation.mail('<sender@example.org>');
      await conversation.rcpt('<recipient@example.net>');
      for (const [name, value] of headers) await conversation.header(name, value);
      await conversation.body(bodyOf3KB);
      const endedAt = performance.now();
      await conversation.endOfMessage();
      if (round > 0) latencies.push(performance.now() - endedAt);
      conversation.abort();
    }
    if (round > 0) rates.push((messages * 1000) / (performance.now() - startedAt));
    await conversation.quit();
  }
  child.kill();
  const { measureSession } = await import('../packages/milter/bench/session.ts');
  return [
    row({
      name: 'the protocol alone, 10 headers and 3 KB',
      value: median(await measureSession(rounds)),
      unit: 'messages/s and core',
      target: { kind: 'at least', limit: 10_000, of: 'value' },
    }),
    row({ name: 'with the test client, over a unix socket', value: median(rates), unit: 'messages/s' }),
    row({ name: 'end of message to verdict, p50', value: percentile(latencies, 50), unit: 'ms' }),
    row({ name: 'end of message to verdict, p99', value: percentile(latencies, 99), unit: 'ms' }),
  ];
}

async function memory(): Promise<BenchRow[]> {
  const { path, child, memoryUsage } = await startFilter();
  const mta = new TestMta({ path });
  const connections: Awaited<ReturnType<TestMta['open']>>[] = [];
  const rows: BenchRow[] = [];
  await mta.deliver();
  const idle = await memoryUsage();
  rows.push(row({ name: 'heap with no connection', value: idle.heapUsed / 2 ** 20, unit: 'MiB' }));
  for (const count of [1000, 5000]) {
    while (connections.length < count) {
      const conversation = await mta.open();
      await conversation.connect({ hostname: 'client.example', address: '192.0.2.1' });
      connections.push(conversation);
    }
    const usage = await memoryUsage();
    rows.push(
      row({
        name: `heap for each of ${count} idle connections`,
        value: (usage.heapUsed - idle.heapUsed) / count / 1024,
        unit: 'KiB',
        target: { kind: 'at most', limit: 12, of: 'value' },
      }),
    );
  }
  for (const conversation of connections) conversation.wire.destroy();
  const small = await peakWhileSending(mta, memoryUsage, 300_000);
  const large = await peakWhileSending(mta, memoryUsage, 30_000_000);
  child.kill();
  rows.push(
    row({
      name: 'peak of heap and buffers, 20 messages of 30 MB at once (300 KB as baseline)',
      value: large,
      baseline: small,
      unit: 'MiB',
    }),
  );
  return rows;
}

async function peakWhileSending(
  mta: TestMta,
  memoryUsage: () => Promise<{ heapUsed: number; external: number; rss: number }>,
  bytes: number,
): Promise<number> {
  const body = Buffer.alloc(bytes, 'x');
  let underWay = 20;
  const sending = Promise.all(
    Array.from({ length: underWay }, () => mta.deliver({ body }).finally(() => (underWay -= 1))),
  );
  let peak = 0;
  for (;;) {
    if (underWay === 0) break;
    const { heapUsed, external } = await memoryUsage();
    peak = Math.max(peak, (heapUsed + external) / 2 ** 20);
  }
  await sending;
  return peak;
}
