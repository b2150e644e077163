import { LineChannel, type Peer } from './line-channel.ts';

/** A session with Dovecot's LMTP server, which delivers as Postfix does. */
export class LmtpClient implements AsyncDisposable {
  readonly #channel: LineChannel;

  private constructor(channel: LineChannel) {
    this.#channel = channel;
  }

  static async open(peer: Peer): Promise<LmtpClient> {
    const client = new LmtpClient(await LineChannel.open(peer));
    await client.#expect(/^220 /);
    client.#channel.send('LHLO test.example');
    await client.#expect(/^250 /);
    return client;
  }

  /** Settles when the message lies in the mailbox. */
  async deliver(recipient: string, text = 'a message'): Promise<void> {
    this.#channel.send('MAIL FROM:<sender@test.example>');
    await this.#expect(/^250 /);
    this.#channel.send(`RCPT TO:<${recipient}>`);
    await this.#expect(/^250 /);
    this.#channel.send('DATA');
    await this.#expect(/^354 /);
    this.#channel.send(`From: <sender@test.example>\r\nSubject: ${text}\r\n\r\n${text}\r\n.`);
    await this.#expect(/^250 /);
  }

  async #expect(pattern: RegExp): Promise<void> {
    const reply = (await this.#channel.until(/^\d{3} /)).at(-1) ?? '';
    if (!pattern.test(reply)) throw new Error(`LMTP: expected ${String(pattern)}, the server said "${reply}"`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#channel.close();
  }
}
