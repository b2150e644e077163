import type { Socket } from 'node:net';
import { BackendCalls } from '../backend-calls.ts';
import type { Clock } from '../clock.ts';
import type { EventListener } from '../events.ts';
import type { Limits } from '../limits.ts';
import type { Conversation } from './acceptor.ts';
import { LineConnection } from './line-connection.ts';

export interface AskingPeerOptions {
  readonly socket: Socket;
  /** Names this connection in events. */
  readonly connection: number;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly onEvent: EventListener;
  /** Takes one line; a DovecotProtocolError that it throws closes the connection. */
  readonly onLine: (line: Buffer) => void;
  /** Whether the peer has said all that a new connection has to say. */
  readonly isReady: () => boolean;
  /** Begins to end what is under way besides calls; the connection waits for it. */
  readonly onDrain?: () => Promise<void> | void;
}

/** A peer whose lines ask the backend something: while it has as many calls running as it may, it is not read. */
export class AskingPeer implements Conversation {
  readonly calls: BackendCalls;
  readonly #line: LineConnection;
  readonly #onDrain: () => Promise<void> | void;

  constructor({ onLine, isReady, onDrain = () => {}, ...options }: AskingPeerOptions) {
    const line = new LineConnection({ ...options, number: options.connection, onLine, isReady });
    this.#line = line;
    this.#onDrain = onDrain;
    this.calls = new BackendCalls({ ...options, onFull: () => line.hold(), onFree: () => line.release() });
  }

  get signal(): AbortSignal {
    return this.#line.signal;
  }

  send(lines: readonly string[]): void {
    this.#line.send(lines);
  }

  /** Sends a long answer, no faster than the peer reads it. @throws what `lines` throws. */
  async sendAll(lines: AsyncIterable<string>): Promise<void> {
    await this.#line.sendAll(lines);
  }

  /** Stops reading until `release` was called as often. */
  hold(): void {
    this.#line.hold();
  }

  release(): void {
    this.#line.release();
  }

  async drain(): Promise<void> {
    this.#line.drain();
    await this.#onDrain();
    await this.calls.idle();
  }

  end(): void {
    this.#line.end();
  }

  destroy(): void {
    this.#line.destroy();
  }
}
