import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** The other side of a unix socket: says lines, and reads them. */
export class Peer implements Disposable {
  readonly #socket: Socket;
  readonly #lines: AsyncIterator<string>;

  constructor(path: string) {
    this.#socket = connect(path);
    const lines = createInterface({ input: this.#socket });
    this.#lines = lines[Symbol.asyncIterator]();
    // A peer that is cut off may be told by an error instead of an end; both are read as the end of the lines.
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => lines.close());
  }

  say(...lines: string[]): void {
    this.#socket.write(lines.map((line) => `${line}\n`).join(''));
  }

  write(bytes: string | Uint8Array): void {
    this.#socket.write(bytes);
  }

  async hear(): Promise<string> {
    const { done, value } = await this.#lines.next().catch(() => ({ done: true, value: '' }));
    return done === true ? '(closed)' : value;
  }

  /** Hears lines up to and including `last`, or to the end. */
  async hearUntil(last: string): Promise<string[]> {
    const heard: string[] = [];
    do heard.push(await this.hear());
    while (heard.at(-1) !== last && heard.at(-1) !== '(closed)');
    return heard;
  }

  /** Stops reading, so that what the server sends piles up. */
  stopReading(): void {
    this.#socket.pause();
  }

  /** Says no more, but still listens. */
  finish(): void {
    this.#socket.end();
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}
