import { connect, type TLSSocket } from 'node:tls';
import { addressOf, lastLine, linesOf, startTls, type Where } from './start-tls.ts';

/**
 * A conversation with a mail server, written down as a postmaster would: `C: ` lines are sent, `S: ` lines are what the
 * reply has to start with (for SMTP, the last line of a reply; `…` stands for anything).
 */
export class Conversation implements AsyncDisposable {
  readonly #socket: TLSSocket;
  readonly #lines: AsyncIterator<string>;

  private constructor(socket: TLSSocket) {
    this.#socket = socket;
    this.#lines = linesOf(socket);
  }

  /** Connects with TLS from the first octet on, naming a protocol or none; the relay's certificate is its own. */
  static async open(where: Where, protocol?: string): Promise<Conversation> {
    const alpn = protocol === undefined ? {} : { ALPNProtocols: [protocol] };
    const socket = connect({ ...addressOf(where), rejectUnauthorized: false, ...alpn });
    socket.setNoDelay(true);
    await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
    socket.on('error', () => {}); // seen as the end of the lines
    return new Conversation(socket);
  }

  /** Begins in clear: says the lines, of which the last asks for encryption, and goes on with that. */
  static async openInClear(where: Where, lines: readonly string[]): Promise<Conversation> {
    return new Conversation(await startTls(where, lines));
  }

  get tlsVersion(): string | null {
    return this.#socket.getProtocol();
  }

  /** @throws when a reply is not as written down. */
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

  /** Reads one SMTP reply (its last line) or one line of IMAP and holds it against a pattern. */
  async expect(pattern: string): Promise<string> {
    const reply = await this.reply();
    const [start = '', end = ''] = pattern.split('…');
    if (!reply.startsWith(start) || !reply.includes(end)) {
      throw new Error(`expected "${pattern}", the server said "${reply}"`);
    }
    return reply;
  }

  /** The last line of the next reply; an IMAP line is a reply of its own. */
  async reply(): Promise<string> {
    return await lastLine(this.#lines);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
  }
}

/** An SMTP session that has logged in. */
export async function login(where: Where, address: string, password: string): Promise<Conversation> {
  const session = await Conversation.open(where);
  const token = Buffer.from(`\0${address}\0${password}`).toString('base64');
  await session.say(`
    S: 220
    C: EHLO client.example
    S: 250
    C: AUTH PLAIN ${token}
    S: 235`);
  return session;
}

/** Sends one message within a session. @returns the reply to its end, or the first refusal. */
export async function sendMail(
  session: Conversation,
  envelope: { from: string; to: string | readonly string[] },
  message: string | Uint8Array,
): Promise<string> {
  const commands = [`MAIL FROM:<${envelope.from}>`, ...[envelope.to].flat().map((to) => `RCPT TO:<${to}>`), 'DATA'];
  for (const command of commands) {
    session.send(`${command}\r\n`);
    const reply = await session.reply();
    if (!/^[23]/.test(reply)) {
      session.send('RSET\r\n');
      await session.expect('250');
      return reply;
    }
  }
  const stuffed = Buffer.from(message).toString('latin1').replace(/^\./gm, '..');
  session.send(Buffer.from(`${stuffed}${stuffed.endsWith('\r\n') ? '' : '\r\n'}.\r\n`, 'latin1'));
  return session.reply();
}
