import { once } from 'node:events';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export interface Peer {
  readonly port: number;
  readonly host?: string;
  /** TLS from the first octet on; the peer's certificate is its own. */
  readonly secure?: boolean;
}

/** A connection to a server that speaks in lines. Whoever waits gets the next line or the reason why none comes. */
export class LineChannel {
  readonly #socket: Socket;
  readonly #lines: string[] = [];
  #rest = '';
  #end: Error | undefined;
  #waiting: { resolve: (line: string) => void; reject: (reason: Error) => void } | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.#take(text));
    socket.on('error', (error) => this.#finish(error));
    socket.on('close', () => this.#finish(new Error('the server closed the connection')));
  }

  static async open({ port, host = '127.0.0.1', secure = false }: Peer): Promise<LineChannel> {
    const socket = secure ? connectTls({ port, host, rejectUnauthorized: false }) : connectPlain({ port, host });
    const channel = new LineChannel(socket);
    await once(socket, secure ? 'secureConnect' : 'connect');
    return channel;
  }

  send(line: string): void {
    this.#socket.write(`${line}\r\n`, 'latin1');
  }

  /** @throws when the connection has ended. */
  async next(): Promise<string> {
    const line = this.#lines.shift();
    if (line !== undefined) return line;
    if (this.#end !== undefined) throw this.#end;
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  /** All lines up to the first that fits, this one included. */
  async until(pattern: RegExp): Promise<string[]> {
    const lines: string[] = [];
    for (;;) {
      const line = await this.next();
      lines.push(line);
      if (pattern.test(line)) return lines;
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split('\r\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      if (waiting === undefined) this.#lines.push(line);
      else waiting.resolve(line);
    }
  }

  #finish(reason: Error): void {
    this.#end ??= reason;
    this.#waiting?.reject(this.#end);
    this.#waiting = undefined;
  }
}
