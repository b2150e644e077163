import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { createWebServer, newCredentials } from '@postern/relay';
import { median, percentile, report, row, type BenchRow } from './harness.ts';

/** Keep-alive connections that ask as fast as they are answered. */
const connections = 16;
const roundMs = 1500;
const rounds = 7;
const firstByteSamples = 60;

interface Serving {
  readonly port: number;
  readonly close: () => Promise<void>;
}

interface Measured {
  /** Requests per second of processor time that the server's thread spent. */
  readonly perCore: number;
  readonly perSecond: number;
}

interface CertificateFiles {
  readonly certPath: string;
  readonly keyPath: string;
}

if (isMainThread) await main();
else await serve();

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-bench-'));
  try {
    const files = { certPath: join(folder, 'cert.pem'), keyPath: join(folder, 'key.pem') };
    const command = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost';
    execFileSync('openssl', [...command.split(' '), '-keyout', files.keyPath, '-out', files.certPath], {
      stdio: 'ignore',
    });
    await compare(files);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function compare(files: CertificateFiles): Promise<void> {
  const subject = await startServer({ ...files, kind: 'postern' });
  const page = await fetchOnce(subject.port, 'GET', '/');
  const account = await fetchOnce(subject.port, 'POST', '/new');
  const bare = await startServer({ ...files, kind: 'bare', answers: { '/': page.raw, '/new': account.raw } });
  const rows: BenchRow[] = [];
  for (const [name, method, path] of [
    ['page', 'GET', '/'],
    ['/new', 'POST', '/new'],
  ] as const) {
    const ours: Measured[] = [];
    const theirs: Measured[] = [];
    for (let round = 0; round < rounds; round += 1) {
      theirs.push(await load(bare, method, path));
      ours.push(await load(subject, method, path));
    }
    const perCore = {
      value: median(ours.map((one) => one.perCore)),
      baseline: median(theirs.map((one) => one.perCore)),
    };
    rows.push(row({ name: `${name}: requests per second and core`, unit: '1/s', ...perCore }));
    const perSecond = {
      value: median(ours.map((one) => one.perSecond)),
      baseline: median(theirs.map((one) => one.perSecond)),
    };
    rows.push(row({ name: `${name}: requests per second`, unit: '1/s', ...perSecond }));
  }
  const firstBytes = { ours: [] as number[], theirs: [] as number[] };
  for (let sample = 0; sample < firstByteSamples; sample += 1) {
    firstBytes.theirs.push(await timeToFirstByte(bare.port));
    firstBytes.ours.push(await timeToFirstByte(subject.port));
  }
  rows.push(
    row({
      name: 'new connection to first byte, median',
      unit: 'ms',
      value: median(firstBytes.ours),
      baseline: median(firstBytes.theirs),
    }),
    row({
      name: 'new connection to first byte, p95',
      unit: 'ms',
      value: percentile(firstBytes.ours, 95),
      baseline: percentile(firstBytes.theirs, 95),
    }),
  );
  const weights = await Promise.all(
    ['en', 'de', 'es', 'fa', 'fr', 'ru'].map((language) => weightOf(subject.port, language)),
  );
  const target = { kind: 'at most', limit: 60_000, of: 'value' } as const;
  rows.push(
    row({
      name: 'page weight, heaviest language, plain',
      unit: 'bytes',
      value: Math.max(...weights.map((one) => one.plain)),
      target,
    }),
    row({
      name: 'page weight, heaviest language, brotli',
      unit: 'bytes',
      value: Math.max(...weights.map((one) => one.compressed)),
      target,
    }),
  );
  await Promise.all([subject.close(), bare.close()]);
  await report('web', rows);
}

/** Each server has a thread of its own, so that its processor time is its own. */
type ServerData = CertificateFiles &
  ({ readonly kind: 'postern' } | { readonly kind: 'bare'; readonly answers: Readonly<Record<string, string>> });

type Server = Serving & { readonly cpuMs: () => Promise<number> };

async function startServer(data: ServerData): Promise<Server> {
  const worker = new Worker(new URL(import.meta.url), { workerData: data });
  const ask = (question: string): Promise<number> =>
    new Promise((resolve) => {
      worker.once('message', resolve);
      worker.postMessage(question, []);
    });
  const port = await ask('port');
  return { port, cpuMs: () => ask('cpu'), close: async () => void (await worker.terminate()) };
}

async function serve(): Promise<void> {
  const data: ServerData = workerData;
  const port = data.kind === 'postern' ? await servePostern(data) : await serveBare(data);
  parentPort?.on('message', (question: string) => {
    const { user, system } = process.threadCpuUsage();
    parentPort?.postMessage(question === 'port' ? port : (user + system) / 1000, []);
  });
}

async function servePostern(files: CertificateFiles): Promise<number> {
  const domain = 'chat.example.org';
  const server = createWebServer({
    settings: {
      domain,
      origin: `https://${domain}`,
      imap: [{ host: domain, port: 993, security: 'ssl' }],
      smtp: [{ host: domain, port: 465, security: 'ssl' }],
      retention: {
        messageDays: 20,
        largeMessageDays: 7,
        largeMessageBytes: 200_000,
        unusedAccountDays: 90,
        mailboxBytes: 5e8,
      },
      operator: { name: 'Marta Brandt', contact: 'mailto:marta@example.org' },
    },
    tls: files,
    limits: { requestsPerConnection: 1_000_000_000, connectionMs: 600_000 },
    registration: {
      state: () => 'open',
      reserve: async () => ({ kind: 'credentials', ...newCredentials({ domain }) }),
    },
  });
  const address = await server.listen({ host: '127.0.0.1', port: 0 });
  return portOf(address);
}

/** The limit: the same bytes from memory, whatever is asked. */
async function serveBare({ certPath, keyPath, answers }: Extract<ServerData, { kind: 'bare' }>): Promise<number> {
  const ready = new Map(Object.entries(answers).map(([path, raw]) => [path, rawParts(raw)]));
  const server = createServer(
    { cert: readFileSync(certPath), key: readFileSync(keyPath), minVersion: 'TLSv1.2' },
    (asked, response) => {
      asked.resume();
      const { headers, body } = ready.get(asked.url ?? '') ?? { headers: {}, body: Buffer.alloc(0) };
      response.writeHead(200, headers).end(body);
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return portOf(server.address());
}

function rawParts(raw: string): { readonly headers: Readonly<Record<string, string>>; readonly body: Buffer } {
  const { headers, body }: { headers: Record<string, string>; body: string } = JSON.parse(raw);
  return { headers, body: Buffer.from(body) };
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

/** Asks for a while over all connections. */
async function load(server: Server, method: string, path: string): Promise<Measured> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections, rejectUnauthorized: false });
  const ask = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const asked = request({ agent, host: '127.0.0.1', port: server.port, method, path }, (response) => {
        response.resume().on('end', resolve);
      });
      asked.on('error', reject).end();
    });
  await Promise.all(Array.from({ length: connections }, ask));
  const cpuBefore = await server.cpuMs();
  const startedAt = performance.now();
  let count = 0;
  const client = async (): Promise<void> => {
    while (performance.now() - startedAt < roundMs) {
      await ask();
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, client));
  const elapsedMs = performance.now() - startedAt;
  const cpuMs = (await server.cpuMs()) - cpuBefore;
  agent.destroy();
  return { perCore: (count / cpuMs) * 1000, perSecond: (count / elapsedMs) * 1000 };
}

async function fetchOnce(
  port: number,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly raw: string; readonly bytes: number }> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, method, path, headers, rejectUnauthorized: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const body = Buffer.concat(chunks);
        const { connection: _connection, 'keep-alive': _keepAlive, date: _date, ...kept } = response.headers;
        resolve({ raw: JSON.stringify({ headers: kept, body: body.toString() }), bytes: body.length });
      });
    });
    asked.on('error', reject).end();
  });
}

async function weightOf(
  port: number,
  language: string,
): Promise<{ readonly plain: number; readonly compressed: number }> {
  const plain = await fetchOnce(port, 'GET', `/?lang=${language}`);
  const compressed = await fetchOnce(port, 'GET', `/?lang=${language}`, { 'Accept-Encoding': 'br' });
  const logoPath = /<img src=\\"([^"\\]+)/.exec(plain.raw)?.[1] ?? '';
  const logo = await fetchOnce(port, 'GET', logoPath);
  return { plain: plain.bytes + logo.bytes, compressed: compressed.bytes + logo.bytes };
}

/** TCP, TLS and the first byte of the page, as somebody sees who comes for the first time. */
function timeToFirstByte(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () =>
      socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'),
    );
    socket.once('data', () => {
      resolve(performance.now() - startedAt);
      socket.destroy();
    });
    socket.once('error', reject);
  });
}
