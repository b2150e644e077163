import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import type { CertificateFiles } from '../../src/web/certificate.ts';
import { newCredentials } from '../../src/web/credentials.ts';
import type { WebEvent } from '../../src/web/events.ts';
import type { Registration } from '../../src/web/registration.ts';
import { createWebServer, type WebServerOptions } from '../../src/web/server.ts';
import type { WebSettings } from '../../src/web/settings.ts';

export const settings: WebSettings = {
  domain: 'chat.example.org',
  origin: 'https://chat.example.org',
  imap: [
    { host: 'chat.example.org', port: 993, security: 'ssl' },
    { host: 'chat.example.org', port: 143, security: 'starttls' },
  ],
  smtp: [{ host: 'chat.example.org', port: 465, security: 'ssl' }],
  retention: { messageDays: 20, unusedAccountDays: 90, mailboxBytes: 500_000_000, recordsLastLogin: true },
  operator: { name: 'Marta Brandt', contact: 'mailto:marta@example.org', address: 'Gartenstraße 5\n79098 Freiburg' },
};

export const openRegistration: Registration = {
  state: () => 'open',
  reserve: async () => ({ kind: 'credentials', ...newCredentials({ domain: settings.domain }) }),
};

/** A folder that goes away with the test. */
export class TestFolder {
  readonly path: string = mkdtempSync(join(tmpdir(), 'postern-web-'));

  file(name: string): string {
    return join(this.path, name);
  }

  /** A certificate of its own, for the given name. */
  certificate(name: string): CertificateFiles {
    const files = { certPath: this.file(`${name}.crt`), keyPath: this.file(`${name}.key`) };
    execFileSync(
      'openssl',
      [
        ...'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30'.split(' '),
        '-keyout',
        files.keyPath,
        '-out',
        files.certPath,
        '-subj',
        `/CN=${name}`,
      ],
      { stdio: 'ignore' },
    );
    return files;
  }

  static ofTest(): TestFolder {
    const folder = new TestFolder();
    onTestFinished(() => folder.remove());
    return folder;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** A web server on a free port of this machine, and everything that it said. */
export class TestServer {
  readonly folder = TestFolder.ofTest();
  readonly tls: CertificateFiles = this.folder.certificate('first');
  readonly events: WebEvent[] = [];
  readonly #watchers = new Set<() => void>();
  readonly #server: ReturnType<typeof createWebServer>;
  #port = 0;

  private constructor(options: Partial<WebServerOptions>) {
    this.#server = createWebServer({
      settings,
      registration: openRegistration,
      tls: this.tls,
      fileCheckMs: 10,
      onEvent: (event) => {
        this.events.push(event);
        for (const look of this.#watchers) look();
      },
      ...options,
      limits: { drainMs: 50, ...options.limits },
    });
  }

  static async start(options: Partial<WebServerOptions> = {}): Promise<TestServer> {
    const server = new TestServer(options);
    onTestFinished(() => server.close());
    const address = await server.#server.listen({ host: '127.0.0.1', port: 0 });
    if (address === null || typeof address === 'string') throw new Error('the server has no port');
    server.#port = address.port;
    return server;
  }

  get port(): number {
    return this.#port;
  }

  connect(options: ConnectionOptions = {}): Promise<TLSSocket> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port: this.#port, rejectUnauthorized: false, ...options });
      socket.once('secureConnect', () => resolve(socket));
      socket.once('error', reject);
    });
  }

  /** Sends bytes as they are and gives back everything that comes until the server ends the connection. */
  async raw(request: string, options: ConnectionOptions = {}): Promise<string> {
    const socket = await this.connect(options);
    socket.write(request);
    return await everythingFrom(socket);
  }

  async request(method: string, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Reply> {
    const lines = Object.entries({ Host: 'chat.example.org', Connection: 'close', ...headers }).map((pair) =>
      pair.join(': '),
    );
    return replyOf(await this.raw(`${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`));
  }

  /** The next event of a kind, or one that was there already. */
  event<Kind extends WebEvent['kind']>(kind: Kind): Promise<Extract<WebEvent, { kind: Kind }>> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = this.events.find((event): event is Extract<WebEvent, { kind: Kind }> => event.kind === kind);
        if (found === undefined) return;
        this.#watchers.delete(look);
        resolve(found);
      };
      this.#watchers.add(look);
      look();
    });
  }

  close(): Promise<void> {
    return this.#server.close();
  }
}

export interface Reply {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export function replyOf(text: string): Reply {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = new Map(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  return { status: Number(statusLine.split(' ')[1]), headers, body: rest.join('\r\n\r\n') };
}

export async function everythingFrom(socket: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of socket) if (chunk instanceof Buffer) chunks.push(chunk);
  } catch {
    // cut off by the other side
  }
  return Buffer.concat(chunks).toString();
}
