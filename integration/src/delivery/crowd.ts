import { encryptedMessage } from '../messages.ts';
import type { TestRelay } from '../relay.ts';
import { ImapClient } from './imap-client.ts';
import { LineChannel, type Peer } from './line-channel.ts';

export const password = 'a password of the benchmark';
const loginsAtOnce = 5;
/** Encrypted once: it is the relay that is measured. */
const template = await encryptedMessage({ from: 'FROM', to: 'TO' });

/** Many accounts on one relay, each with a client that waits for mail all the time. */
export class Crowd implements AsyncDisposable {
  readonly #relay: TestRelay;
  readonly #readers: Reader[] = [];

  constructor(relay: TestRelay) {
    this.#relay = relay;
  }

  /** Connects until there are `count` clients, spread over `accounts` accounts. */
  async grow(count: number, accounts: number): Promise<void> {
    while (this.#readers.length < count) {
      const first = this.#readers.length;
      const group = Array.from({ length: Math.min(loginsAtOnce, count - first) }, (_, at) =>
        Reader.open(this.#relay, address(this.#relay, (first + at) % accounts)),
      );
      this.#readers.push(...(await Promise.all(group)));
    }
  }

  /**
   * Sends messages at a steady rate, whether or not the relay keeps up, each to the next account.
   *
   * @returns milliseconds from when each should have been sent until its reader heard of it.
   */
  async exchange(perSecond: number, seconds: number, sessions: number): Promise<number[]> {
    const senders = await Promise.all(Array.from({ length: sessions }, (_, at) => Sender.open(this.#relay, at)));
    const total = Math.round(perSecond * seconds);
    const start = performance.now();
    let next = 0;
    const heard: Promise<number>[] = [];
    const work = async (sender: Sender): Promise<void> => {
      while (next < total) {
        const at = next;
        next += 1;
        const dueMs = start + (at * 1000) / perSecond;
        await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueMs - performance.now())));
        const reader = this.#readers[at % this.#readers.length];
        if (reader === undefined) throw new RangeError('nobody is there to read');
        heard.push(reader.hears(dueMs));
        await sender.send(reader.address);
      }
    };
    await Promise.all(senders.map(work));
    const times = await Promise.all(heard);
    for (const sender of senders) sender.close();
    return times;
  }

  /** Settles when this share of the clients, all thrown out at once, wait again. @returns milliseconds. */
  async comeBack(share: number): Promise<number> {
    const start = performance.now();
    const accounts = this.#readers.map((reader) => reader.address);
    await Promise.all(this.#readers.splice(0).map((reader) => reader[Symbol.asyncDispose]()));
    const needed = Math.ceil(accounts.length * share);
    return new Promise((resolve, reject) => {
      const connect = async (account: string): Promise<void> => {
        for (;;) {
          try {
            this.#readers.push(await Reader.open(this.#relay, account));
            if (this.#readers.length === needed) resolve(performance.now() - start);
            return;
          } catch {
            // As a client does: refused or cut off while the server starts, it tries again.
            await new Promise((retry) => setTimeout(retry, 500));
          }
        }
      };
      Promise.all(accounts.map(connect)).catch(reject);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#readers.map((reader) => reader[Symbol.asyncDispose]()));
  }
}

/** More accounts than may sign up within an hour, taken over from the folders of another kind of relay. */
export async function importAccounts(relay: TestRelay, count: number): Promise<void> {
  const source = `/tmp/mail/${relay.domain}`;
  const addresses = Array.from({ length: count }, (_, at) => address(relay, at)).join(' ');
  await relay.run(
    `hash=$(openssl passwd -6 '${password}'); for a in ${addresses}; do mkdir -p ${source}/$a && echo "{SHA512-CRYPT}$hash" > ${source}/$a/password; done`,
  );
  await relay.run(`postern accounts import ${source} --yes`);
}

/** Not over the port that the engine publishes: its proxy spends six descriptors on a connection, of which it has 20,000 at times. */
function directly(relay: TestRelay, port: number): Peer {
  const { container } = relay;
  return { host: container.getIpAddress(container.getNetworkNames()[0] ?? 'bridge'), port, secure: true };
}

/** Of the nth person. */
export function address(relay: TestRelay, at: number): string {
  return `person${String(at).padStart(3, '0')}@${relay.domain}`;
}

/** A client that waits and knows when it heard of which message: the nth one in its mailbox. */
class Reader implements AsyncDisposable {
  readonly address: string;
  readonly #client: ImapClient;
  #expected: { sinceMs: number; resolve: (ms: number) => void }[] = [];

  private constructor(account: string, client: ImapClient) {
    this.address = account;
    this.#client = client;
    this.#listen().catch(() => {}); // the connection has ended
  }

  static async open(relay: TestRelay, account: string): Promise<Reader> {
    const client = await ImapClient.open(directly(relay, 993), { name: account, password });
    await client.idle();
    return new Reader(account, client);
  }

  hears(sinceMs: number): Promise<number> {
    return new Promise((resolve) => this.#expected.push({ sinceMs, resolve }));
  }

  async #listen(): Promise<void> {
    let known = 0; // of an account that nobody used before
    for (;;) {
      const count = Number(/\d+/.exec(await this.#client.notified(/EXISTS/))?.[0]);
      for (const { sinceMs, resolve } of this.#expected.splice(0, count - known)) {
        resolve(performance.now() - sinceMs);
      }
      known = count;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }
}

class Sender {
  readonly #channel: LineChannel;
  readonly #address: string;

  private constructor(channel: LineChannel, account: string) {
    this.#channel = channel;
    this.#address = account;
  }

  static async open(relay: TestRelay, at: number): Promise<Sender> {
    const account = address(relay, at);
    const sender = new Sender(await LineChannel.open(directly(relay, 465)), account);
    await sender.#expect('220');
    await sender.#say('EHLO bench.example', '250');
    await sender.#say(`AUTH PLAIN ${Buffer.from(`\0${account}\0${password}`).toString('base64')}`, '235');
    return sender;
  }

  async send(to: string): Promise<void> {
    const message = template.replace('<FROM>', `<${this.#address}>`).replace('<TO>', `<${to}>`);
    await this.#say(`MAIL FROM:<${this.#address}>`, '250');
    await this.#say(`RCPT TO:<${to}>`, '250');
    await this.#say('DATA', '354');
    await this.#say(`${message.trimEnd()}\r\n.`, '250');
  }

  close(): void {
    this.#channel.close();
  }

  async #say(line: string, code: string): Promise<void> {
    this.#channel.send(line);
    await this.#expect(code);
  }

  async #expect(code: string): Promise<void> {
    const reply = (await this.#channel.until(/^\d{3} /)).at(-1) ?? '';
    if (!reply.startsWith(code)) throw new Error(`expected ${code}, the relay said "${reply}"`);
  }
}
