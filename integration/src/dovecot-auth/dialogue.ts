import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { connect as connectTls } from 'node:tls';

/** A conversation with a mail server, without TLS until `secure`: one command at a time, and the line that answers it. */
export class Dialogue implements Disposable {
  #socket: Socket;
  #lines: AsyncIterator<string>;
  readonly #protocol: 'imap' | 'smtp';
  #commands = 0;
  /** What the server greeted with. */
  greeting = '';

  private constructor(socket: Socket, protocol: 'imap' | 'smtp') {
    this.#socket = socket;
    this.#protocol = protocol;
    this.#lines = linesOf(socket);
  }

  static async open(where: { host: string; port: number }, protocol: 'imap' | 'smtp'): Promise<Dialogue> {
    const socket = connect(where);
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    socket.on('error', () => {}); // seen as the end of the lines
    const dialogue = new Dialogue(socket, protocol);
    dialogue.greeting = await dialogue.#answer(protocol === 'imap' ? /^\* (?:OK|PREAUTH|BYE) / : /^\d{3} /);
    return dialogue;
  }

  /** Says one command. @returns the line that completes the answer, for IMAP without its tag. */
  async say(command: string): Promise<string> {
    if (this.#protocol === 'smtp') {
      this.#socket.write(`${command}\r\n`);
      return this.#answer(/^\d{3} /);
    }
    this.#commands += 1;
    const tag = `a${this.#commands}`;
    this.#socket.write(`${tag} ${command}\r\n`);
    return (await this.#answer(new RegExp(`^(?:${tag} |\\+)`))).replace(`${tag} `, '');
  }

  /** Says something that has no tag, and waits for the answer to the command before. */
  async finish(line: string): Promise<string> {
    this.#socket.write(`${line}\r\n`);
    return (await this.#answer(new RegExp(`^a${this.#commands} `))).replace(/^a\d+ /, '');
  }

  /** STARTTLS; whose certificate it is does not matter here. */
  async secure(): Promise<void> {
    await this.say('STARTTLS');
    const inside = this.#socket;
    inside.removeAllListeners('data');
    this.#socket = connectTls({ socket: inside, rejectUnauthorized: false });
    this.#socket.on('error', () => {}); // seen as the end of the lines
    this.#lines = linesOf(this.#socket);
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  async #answer(last: RegExp): Promise<string> {
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done === true) return '(closed)';
      if (last.test(value)) return value;
    }
  }
}

function linesOf(socket: Socket): AsyncIterator<string> {
  const lines = createInterface({ input: socket, crlfDelay: Infinity });
  socket.on('close', () => lines.close());
  return lines[Symbol.asyncIterator]();
}

/** The initial response of SASL PLAIN. */
export function plain(user: string, password: string | Uint8Array): string {
  return Buffer.concat([Buffer.from(`\0${user}\0`), Buffer.from(password)]).toString('base64');
}
