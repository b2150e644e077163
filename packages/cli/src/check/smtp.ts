import { once } from 'node:events';
import { connect as connectPlain, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { connect as connectTls } from 'node:tls';

export interface Server {
  readonly host: string;
  readonly port: number;
}

export interface Login {
  readonly user: string;
  readonly password: string;
  /** TLS from the first byte, also on another port than 465. */
  readonly startsWithTls: boolean;
  readonly acceptsAnyCertificate: boolean;
}

const implicitTlsPort = 465; // RFC 8314 §3.3
const replyDeadlineMs = 60_000;

/** `HOST:PORT`, the host perhaps an IPv6 address in brackets; undefined when it is something else. */
export function parseServer(text: string): Server | undefined {
  const [, bracketed, host = bracketed, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  return host === undefined || Number(port) > 65_535 ? undefined : { host, port: Number(port) };
}

/** An SMTP reply of one or more lines. */
export interface Reply {
  readonly code: number;
  readonly text: string;
}

/** Why a session could not go on: no connection, no login. */
export class SmtpError extends Error {
  override readonly name = 'SmtpError';
}

/** A submission session: TLS, logged in, for one message after the other (RFC 5321, RFC 3207, RFC 4954). */
export class Submission implements Disposable {
  #socket: Socket;
  #lines: AsyncIterator<string>;
  #isLost = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#lines = readLines(socket);
  }

  /** @throws SmtpError when the relay cannot be reached or does not let the user in. */
  static async open(server: Server, login: Login): Promise<Submission> {
    const name = isIP(server.host) === 0 ? { servername: server.host } : {}; // RFC 6066 §3: no addresses
    const tls = { ...name, rejectUnauthorized: !login.acceptsAnyCertificate };
    const isImplicit = login.startsWithTls || server.port === implicitTlsPort;
    const socket = isImplicit ? connectTls({ ...server, ...tls }) : connectPlain(server);
    await connected(socket, isImplicit ? 'secureConnect' : 'connect');
    const session = new Submission(socket);
    session.#expect(await session.#reply(), 220);
    const offered = await session.#command('EHLO check.postern.invalid');
    if (!isImplicit && /^STARTTLS$/im.test(offered.text)) {
      session.#expect(await session.#command('STARTTLS'), 220);
      socket.removeAllListeners('data');
      const secure = connectTls({ ...tls, socket });
      await connected(secure, 'secureConnect');
      session.#socket = secure;
      session.#lines = readLines(secure);
      await session.#command('EHLO check.postern.invalid');
    }
    const token = Buffer.from(`\0${login.user}\0${login.password}`).toString('base64');
    session.#expect(await session.#command(`AUTH PLAIN ${token}`), 235);
    return session;
  }

  /** Whether the relay has closed the connection. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Sends a message as it is. @returns the reply to it, or to whatever came before it and was refused. */
  async send(from: string, to: string, raw: Uint8Array): Promise<Reply> {
    for (const command of ['RSET', `MAIL FROM:<${from}>`, `RCPT TO:<${to}>`, 'DATA']) {
      const reply = await this.#command(command);
      if (reply.code >= 400) return reply;
    }
    const stuffed = Buffer.from(raw).toString('latin1').replaceAll(/^\./gm, '..');
    this.#socket.write(Buffer.from(`${stuffed}${stuffed.endsWith('\r\n') ? '' : '\r\n'}.\r\n`, 'latin1'));
    return this.#reply();
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  async #command(line: string): Promise<Reply> {
    this.#socket.write(`${line}\r\n`);
    return this.#reply();
  }

  async #reply(): Promise<Reply> {
    const texts: string[] = [];
    for (;;) {
      const next = await this.#lines.next();
      const line = next.done === true ? '421 the connection was closed' : next.value;
      if (next.done === true || line.startsWith('421')) this.#isLost = true;
      texts.push(line.slice(4));
      if (line[3] !== '-') return { code: Number(line.slice(0, 3)), text: texts.join('\n') };
    }
  }

  #expect(reply: Reply, code: number): void {
    if (reply.code === code) return;
    this.#socket.destroy();
    throw new SmtpError(`the relay said ${reply.code} ${reply.text}`);
  }
}

async function connected(socket: Socket, event: string): Promise<void> {
  socket.setTimeout(replyDeadlineMs, () => socket.destroy(new SmtpError('the relay does not answer')));
  try {
    await once(socket, event);
  } catch (error) {
    throw new SmtpError(error instanceof Error ? error.message : String(error), { cause: error });
  }
  socket.on('error', () => {}); // seen as the end of the lines
}

function readLines(socket: Socket): AsyncIterator<string> {
  return createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY })[Symbol.asyncIterator]();
}
