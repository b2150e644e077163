import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
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
}

/** How a door turns a socket into a conversation; `connection` numbers it in events. */
export type Converse = (socket: Socket, connection: number) => Conversation;

/** The listening sockets of one door and the conversations on them, from `listen` to a drained `close`. */
export class Acceptor {
  readonly #options: AcceptorOptions;
  readonly #servers: { readonly server: Server; readonly unlisten: Unlisten }[] = [];
  readonly #conversations = new Set<Conversation>();
  #connections = 0;
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
   * `settled` can make it wait for more than the conversations' own requests, within the same time.
   */
  close(options: { drainMs: number; settled?: () => Promise<void> }): Promise<void> {
    this.#closed ??= this.#close(options);
    return this.#closed;
  }

  async #close({ drainMs, settled }: { drainMs: number; settled?: () => Promise<void> }): Promise<void> {
    const stopped = this.#servers.map(({ server }) => new Promise((resolve) => server.close(resolve)));
    await Promise.all(this.#servers.map(({ unlisten }) => unlisten()));
    await settled?.();
    await this.#within(drainMs, async () => {
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
    this.#connections += 1;
    const conversation = converse(socket, this.#connections);
    this.#conversations.add(conversation);
    conversation.signal.addEventListener('abort', () => this.#conversations.delete(conversation));
  }

  async #within(limitMs: number, work: () => Promise<void>): Promise<void> {
    let cancel: (() => void) | undefined;
    const late = new Promise<void>((resolve) => {
      cancel = this.#options.clock.after(limitMs, resolve);
    });
    await Promise.race([work(), late]);
    cancel?.();
  }
}

function gone(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
}
