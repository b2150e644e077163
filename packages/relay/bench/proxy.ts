import { connect, createServer, type Socket } from 'node:net';
import { openLimits } from '../src/services/filter-limits.ts';
import { storeLocation } from '../src/services/settings.ts';
import { UserFacts } from '../src/services/user-facts.ts';
import { openStore } from '../src/store/store.ts';
import { type PolicyParts, ProxyPolicy } from './proxy-policy.ts';
import { benchmarkRelay } from './settings.ts';
import { Transfer } from './transfer.ts';

/** One connection of Postfix's `smtpd_proxy_filter`, and the one to the server that takes the mail. */
class Proxy {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #parts: PolicyParts;
  #policy: ProxyPolicy | undefined;
  #transfer: Transfer | undefined;
  #isHandedOver = false;

  constructor(client: Socket, server: Socket, parts: PolicyParts) {
    this.#client = client;
    this.#server = server;
    this.#parts = parts;
  }

  join(): void {
    const [client, server] = [this.#client, this.#server];
    client.on('error', () => server.destroy());
    server.on('error', () => client.destroy());
    client.on('close', () => this.#policy?.letGo());
    client.on('end', () => server.end());
    server.on('end', () => client.end());
    server.on('data', (reply: Buffer) => {
      if (this.#isHandedOver && reply[0] === 0x32) this.#policy?.commit(); // a 2xx
      this.#isHandedOver = false;
      client.write(reply);
    });
    let turn = Promise.resolve();
    client.on('data', (chunk: Buffer) => {
      turn = turn.then(() => this.#take(chunk)).catch(() => void client.destroy());
    });
  }

  #take(chunk: Buffer): Promise<void> {
    return this.#transfer === undefined ? this.#command(chunk) : this.#content(this.#transfer, chunk);
  }

  /** Postfix writes a whole command at once, and waits for its reply (postfix src/smtpd/smtpd_proxy.c). */
  async #command(chunk: Buffer): Promise<void> {
    const line = chunk.toString('latin1').trimEnd();
    const verb = line.slice(0, 4).toUpperCase();
    if (verb === 'MAIL') this.#policy?.letGo();
    if (verb === 'MAIL') this.#policy = new ProxyPolicy(this.#parts, line);
    const refusal = verb === 'RCPT' ? await this.#policy?.recipient() : undefined;
    if (refusal !== undefined) {
      this.#client.write(`${refusal}\r\n`);
      return;
    }
    if (verb === 'DATA') this.#transfer = new Transfer();
    this.#server.write(chunk);
  }

  async #content(transfer: Transfer, chunk: Buffer): Promise<void> {
    const { header, body, isComplete } = transfer.push(chunk);
    this.#server.cork();
    if (header !== undefined) this.#server.write(this.#policy?.header(header) ?? header, 'latin1');
    this.#policy?.body(body);
    this.#server.write(body);
    this.#server.uncork();
    if (!isComplete) {
      if (this.#server.writableNeedDrain) await new Promise((resolve) => this.#server.once('drain', resolve));
      return;
    }
    this.#transfer = undefined;
    const refusal = await this.#policy?.end();
    if (refusal === undefined) {
      this.#isHandedOver = true;
      this.#server.write('.\r\n');
    } else {
      // Without its last dot the message does not exist; after that there is no going on.
      this.#server.removeAllListeners('end').destroy();
      this.#client.end(`${refusal}\r\n`);
    }
  }
}

/**
 * The policy of the submission filter as an SMTP proxy, `proxy.ts FOLDER PORT NEXT_PORT`, for Postfix's
 * `smtpd_proxy_filter`: what the filter is compared with. It is as cheap as one gets it: octets that say nothing to the
 * policy pass as they are, and a message is handed on while it still comes; only its last dot waits for the verdict.
 */
const [folder = '', port, next] = process.argv.slice(2);
const config = await benchmarkRelay(folder);
const { limiter } = await openLimits(config, () => {});
const users = new UserFacts(() => openStore(storeLocation(config)));
createServer({ noDelay: true }, (client) => {
  const server = connect({ port: Number(next), host: '127.0.0.1', noDelay: true });
  new Proxy(client, server, { limiter, users }).join();
}).listen(Number(port), '127.0.0.1');
