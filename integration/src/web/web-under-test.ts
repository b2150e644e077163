import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWebServer, newCredentials, type RegistrationState, type WebSettings } from '@postern/relay';

/** The relay's own web server on a free port of this machine, in the state that a test wants to see, at loopback or `host`. */
export class WebUnderTest implements AsyncDisposable {
  readonly origin: string;
  readonly #close: () => Promise<void>;

  private constructor(origin: string, close: () => Promise<void>) {
    this.origin = origin;
    this.#close = close;
  }

  static async start(
    options: { settings?: Partial<WebSettings>; state?: RegistrationState; host?: string } = {},
  ): Promise<WebUnderTest> {
    const folder = mkdtempSync(join(tmpdir(), 'postern-web-'));
    const tls = { certPath: join(folder, 'cert.pem'), keyPath: join(folder, 'key.pem') };
    const request = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=localhost';
    execFileSync('openssl', [...request.split(' '), '-keyout', tls.keyPath, '-out', tls.certPath], { stdio: 'ignore' });
    const settings: WebSettings = {
      domain: 'chat.example.org',
      origin: 'https://chat.example.org',
      imap: [{ host: '192.0.2.1', port: 993, security: 'ssl' }],
      smtp: [{ host: '192.0.2.1', port: 465, security: 'ssl' }],
      retention: {
        messageDays: 20,
        largeMessageDays: 7,
        largeMessageBytes: 200_000,
        unusedAccountDays: 90,
        mailboxBytes: 500_000_000,
        recordsLastLogin: true,
      },
      operator: { name: 'Marta Brandt', contact: 'marta@example.org', address: 'Gartenstraße 5\n79098 Freiburg' },
      ...options.settings,
    };
    const { state = 'open', host = '127.0.0.1' } = options;
    const server = createWebServer({
      settings,
      tls,
      registration: {
        state: () => state,
        reserve: async () => ({ kind: 'credentials', ...newCredentials({ domain: settings.domain }) }),
      },
    });
    const address = await server.listen({ host, port: 0 });
    if (address === null || typeof address === 'string') throw new Error('the web server has no port');
    return new WebUnderTest(`https://${host}:${address.port}`, async () => {
      await server.close();
      rmSync(folder, { recursive: true });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}
