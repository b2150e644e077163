import { connect as connectTcp, type Socket } from 'node:net';
import { createInterface, type Interface } from 'node:readline';
import { connect as connectTls } from 'node:tls';

/** Another mail server that delivers to port 25, with the encryption that it requires. */
export class IncomingSession implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #lines: AsyncIterator<string>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => {}); // seen as the end of the lines
    this.#lines = linesOf(socket)[Symbol.asyncIterator]();
  }

  static async open(port: number): Promise<IncomingSession> {
    const plain = connectTcp({ port, host: '127.0.0.1', noDelay: true });
    const greeting = linesOf(plain);
    const lines = greeting[Symbol.asyncIterator]();
    await lastLine(lines);
    for (const command of ['EHLO other.example', 'STARTTLS']) {
      plain.write(`${command}\r\n`);
      await lastLine(lines);
    }
    greeting.close();
    plain.removeAllListeners('data');
    const socket = connectTls({ socket: plain, rejectUnauthorized: false });
    await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
    const session = new IncomingSession(socket);
    await session.command('EHLO other.example');
    return session;
  }

  /** @returns the last line of the reply. */
  async command(text: string): Promise<string> {
    this.#socket.write(`${text}\r\n`);
    return await lastLine(this.#lines);
  }

  /** Sends a message whose lines end in CRLF. @returns the reply to its end, or the first refusal. */
  async deliver(envelope: { from: string; to: string; body?: string }, message: Buffer): Promise<string> {
    const { from, to, body = 'BODY=8BITMIME' } = envelope;
    for (const command of [`MAIL FROM:<${from}> ${body}`, `RCPT TO:<${to}>`, 'DATA']) {
      const reply = await this.command(command);
      if (/^[23]/.test(reply)) continue;
      await this.command('RSET');
      return reply;
    }
    this.#socket.write(Buffer.from(message.toString('latin1').replace(/^\./gm, '..'), 'latin1'));
    return await this.command('.');
  }

  /** Sends (a part of) a message as it is (RFC 3030). */
  async chunk(data: Uint8Array, { isLast }: { isLast: boolean }): Promise<string> {
    this.#socket.write(Buffer.concat([Buffer.from(`BDAT ${data.length}${isLast ? ' LAST' : ''}\r\n`), data]));
    return await lastLine(this.#lines);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
  }
}

function linesOf(input: Socket): Interface {
  return createInterface({ input, crlfDelay: Infinity });
}

async function lastLine(lines: AsyncIterator<string>): Promise<string> {
  for (;;) {
    const { value, done } = await lines.next();
    if (done === true) throw new Error('the server closed the connection');
    if (!/^\d{3}-/.test(value)) return value;
  }
}
