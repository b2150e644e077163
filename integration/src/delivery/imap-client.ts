import { LineChannel, type Peer } from './line-channel.ts';

/** A small IMAP client: enough to wait for mail and to change flags. */
export class ImapClient implements AsyncDisposable {
  readonly #channel: LineChannel;
  #tag = 0;

  private constructor(channel: LineChannel) {
    this.#channel = channel;
  }

  /** Connects, logs in and opens a folder. */
  static async open(
    peer: Peer,
    user: { readonly name: string; readonly password?: string },
    folder = 'INBOX',
  ): Promise<ImapClient> {
    const client = new ImapClient(await LineChannel.open(peer));
    await client.#channel.until(/^\* OK/);
    await client.command(`LOGIN "${user.name}" "${user.password ?? 'any password'}"`);
    if (folder !== 'INBOX') await client.#attempt(`CREATE "${folder}"`);
    await client.command(`SELECT "${folder}"`);
    return client;
  }

  /** @returns all lines of the answer. @throws when it is not OK. */
  async command(text: string): Promise<string[]> {
    const lines = await this.#attempt(text);
    if (!/^\S+ OK/.test(lines.at(-1) ?? '')) throw new Error(`${text.split(' ', 1)[0]}: ${lines.at(-1)}`);
    return lines;
  }

  async #attempt(text: string): Promise<string[]> {
    const tag = `a${(this.#tag += 1)}`;
    this.#channel.send(`${tag} ${text}`);
    return this.#channel.until(new RegExp(`^${tag} `));
  }

  /** Starts to wait; settles when the server has said that it watches the folder. */
  async idle(): Promise<void> {
    this.#channel.send(`a${(this.#tag += 1)} IDLE`);
    await this.#channel.until(/^\+ /);
  }

  /** The next line that fits, while waiting. */
  async notified(pattern: RegExp): Promise<string> {
    return (await this.#channel.until(pattern)).at(-1) ?? '';
  }

  async endIdle(): Promise<void> {
    this.#channel.send('DONE');
    await this.#channel.until(new RegExp(`^a${this.#tag} `));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#channel.close();
  }
}
