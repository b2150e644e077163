import type { Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import { DovecotProtocolError } from '../errors.ts';
import type { EventListener } from '../events.ts';
import type { Limits } from '../limits.ts';
import { LineDecoder } from '../lines.ts';

/** Lines of a long answer are written together: a system call for each would take longer than all the rest. */
const BATCH_LENGTH = 16_384;

/** Made once: the DOMException of a bare `abort()` records a stack for every mail process that comes and goes. */
const peerIsGone = new Error('the peer is gone');

export interface LineConnectionOptions {
  readonly socket: Socket;
  /** Names this connection in events. */
  readonly number: number;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly onEvent: EventListener;
  /** Takes one line; a DovecotProtocolError that it throws closes the connection. */
  readonly onLine: (line: Buffer) => void;
  /** Whether the peer has said all that a new connection has to say. */
  readonly isReady: () => boolean;
}

/**
 * A peer that speaks in lines, with its limits and deadlines. Whatever goes wrong ends in one closed connection and
 * one event.
 */
export class LineConnection {
  readonly #options: LineConnectionOptions;
  readonly #lines: LineDecoder;
  readonly #closed = new AbortController();
  #cancelDeadline: (() => void) | undefined;
  #holds = 0;
  #isDraining = false;

  constructor(options: LineConnectionOptions) {
    this.#options = options;
    this.#lines = new LineDecoder(options.limits.maxLineBytes);
    const { socket } = options;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('end', () => this.#end());
    socket.on('error', (cause) => this.#fail(cause));
    socket.on('close', () => {
      this.#stopDeadline();
      this.#closed.abort(peerIsGone);
    });
    this.#expectLine();
  }

  /** Aborts when the peer is gone. */
  get signal(): AbortSignal {
    return this.#closed.signal;
  }

  send(lines: readonly string[]): void {
    if (lines.length === 0 || this.signal.aborted) return;
    const { socket, limits } = this.#options;
    socket.write(`${lines.join('\n')}\n`);
    if (socket.writableLength > limits.maxUnreadBytes) {
      this.#reject(
        new DovecotProtocolError('peer-not-reading', `a peer left more than ${limits.maxUnreadBytes} bytes unread`),
      );
    }
  }

  /** Sends a long answer, no faster than the peer reads it. @throws what `lines` throws. */
  async sendAll(lines: AsyncIterable<string>): Promise<void> {
    const batch: string[] = [];
    let length = 0;
    for await (const line of lines) {
      if (this.signal.aborted) return;
      batch.push(line);
      length += line.length;
      if (length < BATCH_LENGTH) continue;
      this.send(batch.splice(0));
      length = 0;
      await this.#taken();
    }
    this.send(batch);
  }

  /** Resolves when the peer has taken most of what was sent, or is gone. */
  async #taken(): Promise<void> {
    const { socket } = this.#options;
    if (!socket.writableNeedDrain || this.signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        socket.off('drain', done);
        this.signal.removeEventListener('abort', done);
        resolve();
      };
      socket.on('drain', done);
      this.signal.addEventListener('abort', done);
    });
  }

  /** Stops reading until `release` was called as often. */
  hold(): void {
    this.#holds += 1;
    this.#options.socket.pause();
  }

  release(): void {
    this.#holds -= 1;
    if (this.#holds === 0 && !this.#isDraining) this.#options.socket.resume();
  }

  /** Reads nothing more; what is being answered still will be. */
  drain(): void {
    this.#isDraining = true;
    this.#stopDeadline();
    this.#options.socket.pause();
  }

  /** Lets what was sent reach the peer, then closes. */
  end(): void {
    this.#stopDeadline();
    this.#options.socket.end();
    this.#options.socket.resume();
  }

  destroy(): void {
    this.#stopDeadline();
    this.#options.socket.destroy();
  }

  #receive(chunk: Buffer): void {
    try {
      for (const line of this.#lines.push(chunk)) {
        if (this.#options.socket.destroyed) return;
        this.#stopDeadline();
        this.#options.onLine(line);
      }
    } catch (cause) {
      if (!(cause instanceof DovecotProtocolError)) throw cause;
      this.#reject(cause);
      return;
    }
    this.#expectLine();
  }

  #stopDeadline(): void {
    this.#cancelDeadline?.();
    this.#cancelDeadline = undefined;
  }

  /** A deadline runs while the handshake or the end of a line is missing; a byte now and then does not prolong it. */
  #expectLine(): void {
    if (!this.#lines.isMidLine && this.#options.isReady()) return;
    this.#cancelDeadline ??= this.#options.clock.after(this.#options.limits.lineTimeoutMs, () => {
      this.#reject(
        new DovecotProtocolError(
          'line-incomplete',
          `a peer did not complete its line within ${this.#options.limits.lineTimeoutMs} ms`,
        ),
      );
    });
  }

  #end(): void {
    if (this.#isDraining) return;
    if (this.#lines.isMidLine) {
      this.#reject(new DovecotProtocolError('line-incomplete', 'a peer closed in the middle of a line'));
    } else {
      this.end();
    }
  }

  #reject(error: DovecotProtocolError): void {
    const { socket, number, onEvent } = this.#options;
    if (socket.destroyed) return;
    this.destroy();
    onEvent({ kind: 'peer.rejected', connection: number, error });
  }

  #fail(cause: NodeJS.ErrnoException): void {
    this.#stopDeadline();
    // The peer has left without reading our answer: that is its right.
    if (cause.code === 'EPIPE' || cause.code === 'ECONNRESET') return;
    this.#options.onEvent({ kind: 'socket.failed', connection: this.#options.number, cause });
  }
}
