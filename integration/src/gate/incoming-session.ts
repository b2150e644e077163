import type { Socket } from 'node:net';
import { lastLine, linesOf, startTls, type Where } from '../start-tls.ts';

/** Another mail server that delivers to port 25, with the encryption that it requires. */
export class IncomingSession implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #lines: AsyncIterator<string>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#lines = linesOf(socket);
  }

  static async open(where: Where): Promise<IncomingSession> {
    const session = new IncomingSession(await startTls(where, ['EHLO other.example', 'STARTTLS']));
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
