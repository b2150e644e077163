import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** An SMTP client in clear text, for conversations written down as `C: ` and `S: ` lines. */
export class SmtpClient implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #lines: AsyncIterator<string>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#lines = createInterface({ input: socket, crlfDelay: Infinity })[Symbol.asyncIterator]();
  }

  static async open(port: number): Promise<SmtpClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    socket.on('error', () => {}); // seen as the end of the lines
    return new SmtpClient(socket);
  }

  /** `S: ` is what a reply has to start with. @throws when it does not. */
  async say(script: string): Promise<void> {
    for (const line of script.split('\n').map((text) => text.trim())) {
      if (line.startsWith('C: ')) this.send(`${line.slice(3)}\r\n`);
      else if (line.startsWith('S: ')) await this.expect(line.slice(3));
      else if (line !== '') throw new SyntaxError(`a line of a conversation starts with "C: " or "S: ": ${line}`);
    }
  }

  send(data: string | Uint8Array): void {
    this.#socket.write(data);
  }

  async expect(start: string): Promise<void> {
    const reply = await this.reply();
    if (!reply.startsWith(start)) throw new Error(`expected "${start}", the server said "${reply}"`);
  }

  /** One whole reply, its lines joined by LF; an empty one when the server hung up. */
  async reply(): Promise<string> {
    const lines: string[] = [];
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done === true) return lines.join('\n');
      lines.push(value);
      if (!/^\d{3}-/.test(value)) return lines.join('\n');
    }
  }

  /** Is gone, without QUIT. */
  hangUp(): void {
    this.#socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
  }
}

export const ordinaryMessage = [
  'From: sender@example.org',
  'To: recipient@example.net',
  'Subject: a test',
  'X-Twice: one',
  'X-Twice: two',
  '',
  'Hello.',
  '',
].join('\r\n');

/** What the client read at each step of one message. */
export interface Replies {
  readonly banner: string;
  readonly ehlo: string;
  readonly mail: string;
  readonly rcpt: string;
  readonly data: string;
  readonly end: string;
}

/** Plays one message and stops at the first refusal; steps that were not reached are empty. */
export async function sendMail(
  port: number,
  { helo = 'client.example', message = ordinaryMessage }: { helo?: string; message?: string | Buffer } = {},
): Promise<Replies> {
  await using client = await SmtpClient.open(port);
  const replies = { banner: '', ehlo: '', mail: '', rcpt: '', data: '', end: '' };
  replies.banner = await client.reply();
  const steps = [
    ['ehlo', `EHLO ${helo}`],
    ['mail', 'MAIL FROM:<sender@example.org>'],
    ['rcpt', 'RCPT TO:<recipient@example.net>'],
    ['data', 'DATA'],
  ] as const;
  for (const [step, command] of steps) {
    client.send(`${command}\r\n`);
    replies[step] = await client.reply();
    if (!/^[23]/.test(replies[step])) return replies;
  }
  client.send(message);
  client.send('.\r\n');
  replies.end = await client.reply();
  client.send('QUIT\r\n');
  await client.reply();
  return replies;
}
