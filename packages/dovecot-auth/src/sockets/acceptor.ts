import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { within } from '../clock.ts';
import type { Clock } from '../clock.ts';
import type { EventListener } from '../events.ts';
import type { Limits } from '../limits.ts';
import { listen } from './listen.ts';
import type { Listen, Unlisten } from './listen.ts';

/** What a door makes of an accepted connection. */
export interface Conversation {
  /** Takes no new request; resolves when every running one is answered. */
  drain(): Promise<void>;
  /** Lets what was sent arrive, then closes. */
  end(): void;
  destroy(): void;
  /** Aborts when the connection is closed. */
  readonly signal: AbortSignal;
}

export interface AcceptorOptions {
  readonly limits: Pick<Limits, 'maxConnections'>;
  readonly clock: Clock;
  readonly onEvent: EventListener;
  /** Numbers the connections for events; several acceptors of one door share theirs. */
  readonly numbers: ConnectionNumbers;
}

/** Counts connections. */
export class ConnectionNumbers {
  #last = 0;

  next(): number {
    this.#last += 1;
    return this.#last;
  }
}

/** How a door turns a socket into a conversation; `connection` numbers it in events. */
export type Converse = (socket: Socket, connection: number) => Conversation;

/** The listening sockets of one door and the conversations on them, from `listen` to a drained `close`. */
export class Acceptor {
  readonly #options: AcceptorOptions;
  readonly #servers: { readonly server: Server; readonly unlisten: Unlisten }[] = [];
  readonly #conversations = new Set<Conversation>();
  #closed: Promise<void> | undefined;

  constructor(options: AcceptorOptions) {
    this.#options = options;
  }

  /** @throws Error when one of the sockets cannot be had; those before it stay open until `close`. */
  async listen(where: readonly Listen[], converse: Converse): Promise<void> {
    for (const place of where) {
      const server = createServer((socket) => this.#accept(socket, converse));
      const unlisten = await listen(server, place);
      server.on('error', (cause) => this.#options.onEvent({ kind: 'socket.failed', cause }));
      this.#servers.push({ server, unlisten });
    }
  }

  /**
   * Stops listening at once, answers what was asked for up to `drainMs`, then cuts. Calling it again changes nothing.
   */
  close(options: { drainMs: number }): Promise<void> {
    this.#closed ??= this.#close(options);
    return this.#closed;
  }

  async #close({ drainMs }: { drainMs: number }): Promise<void> {
    const stopped = this.#servers.map(({ server }) => new Promise((resolve) => server.close(resolve)));
    await Promise.all(this.#servers.map(({ unlisten }) => unlisten()));
    await within(this.#options.clock, drainMs, async () => {
      await Promise.all(
        [...this.#conversations].map(async (conversation) => {
          await conversation.drain();
          conversation.end();
          await gone(conversation.signal);
        }),
      );
    });
    for (const conversation of this.#conversations) conversation.destroy();
    await Promise.all(stopped);
  }

  #accept(socket: Socket, converse: Converse): void {
    if (this.#conversations.size >= this.#options.limits.maxConnections || this.#closed !== undefined) {
      socket.destroy();
      return;
    }
    const conversation = converse(socket, this.#options.numbers.next());
    this.#conversations.add(conversation);
    conversation.signal.addEventListener('abort', () => this.#conversations.delete(conversation));
  }
}

function gone(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
}
