import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { AuthBackend } from '../backend.ts';
import { BackendCalls } from '../backend-calls.ts';
import { systemClock } from '../clock.ts';
import type { Clock } from '../clock.ts';
import { DovecotProtocolError } from '../errors.ts';
import type { EventListener } from '../events.ts';
import { defaultLimits } from '../limits.ts';
import type { Limits } from '../limits.ts';
import { listen } from '../sockets/listen.ts';
import type { Listen, Unlisten } from '../sockets/listen.ts';
import { dovecotUserName } from '../user-name.ts';
import { HttpAnswers } from './answers.ts';
import { readBody } from './body.ts';
import { parseQuestion } from './messages.ts';

// An `import` evaluates everything that node:http exports, and with it loads Node's other HTTP client (lib/http.js,
// lazyUndici): 10 MB also for who opens another door.
const { createServer } = process.getBuiltinModule('node:http');

export interface HttpAuthServerOptions {
  readonly backend: AuthBackend;
  readonly onEvent?: EventListener;
  readonly limits?: Partial<Limits>;
  readonly userName?: RegExp;
  readonly clock?: Clock;
}

/** A server for the `auth.lua` of this package. */
export interface HttpAuthServer {
  /** @throws Error when a socket cannot be had. */
  listen(where: { readonly client: readonly Listen[] }): Promise<void>;
  /** Stops listening, answers what was asked for up to `drainMs` (2 s unless given), then closes. */
  close(options?: { readonly drainMs?: number }): Promise<void>;
}

/** Accounts for Dovecot 2.4 through `passdb lua` and `userdb lua`, by HTTP on a unix socket. */
export function createHttpAuthServer(options: HttpAuthServerOptions): HttpAuthServer {
  const { backend, onEvent = () => {}, userName = dovecotUserName, clock = systemClock } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const connections = new ConnectionNumbers();
  const servers: { readonly stop: (drainMs: number) => Promise<void> }[] = [];
  let closed: Promise<void> | undefined;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const connection = connections.of(request.socket);
    const left = new AbortController();
    response.once('close', () => left.abort());
    const calls = new BackendCalls({ connection, limits, clock, onEvent });
    try {
      const body = await readBody(request, limits.maxLineBytes);
      const question = request.method === 'POST' ? parseQuestion(pathOf(request), body) : undefined;
      if (question === undefined) throw new DovecotProtocolError('malformed-command', 'a request asks nothing known');
      const answers = new HttpAnswers({
        response,
        backend,
        userName,
        calls,
        clock,
        onEvent,
        connection,
        left: left.signal,
      });
      await answers.answer(question);
    } catch (cause) {
      if (left.signal.aborted) return;
      if (!(cause instanceof DovecotProtocolError)) throw cause;
      onEvent({ kind: 'peer.rejected', connection, error: cause });
      response.writeHead(400, { connection: 'close' }).end();
    }
  }

  async function open(where: Listen): Promise<void> {
    const server = createServer({ requestTimeout: limits.lineTimeoutMs, headersTimeout: limits.lineTimeoutMs });
    server.maxConnections = limits.maxConnections;
    server.on('request', (request, response) => {
      handle(request, response).catch((cause: unknown) => {
        onEvent({ kind: 'backend.failed', connection: connections.of(request.socket), operation: 'request', cause });
        response.destroy();
      });
    });
    server.on('clientError', (_, socket) => {
      const error = new DovecotProtocolError('malformed-command', 'a peer does not speak HTTP');
      socket.destroy();
      onEvent({ kind: 'peer.rejected', connection: connections.of(socket), error });
    });
    const unlisten: Unlisten = await listen(server, where);
    server.on('error', (cause) => onEvent({ kind: 'socket.failed', cause }));
    servers.push({
      async stop(drainMs) {
        const stopped = new Promise((resolve) => server.close(resolve));
        await unlisten();
        server.closeIdleConnections();
        const cancel = clock.after(drainMs, () => server.closeAllConnections());
        if (drainMs === 0) server.closeAllConnections();
        await stopped;
        cancel();
      },
    });
  }

  return {
    async listen({ client }) {
      for (const where of client) await open(where);
    },
    close({ drainMs = 2_000 } = {}) {
      closed ??= Promise.all(servers.map(({ stop }) => stop(drainMs))).then(() => {});
      return closed;
    },
  };
}

/** Through Dovecot's `proxy_socket_path` the whole address stands in the request line. */
function pathOf(request: IncomingMessage): string {
  return URL.parse(request.url ?? '', 'http://postern')?.pathname ?? '';
}

/** Names connections in events, as the other doors do. */
class ConnectionNumbers {
  readonly #numbers = new WeakMap<object, number>();
  #last = 0;

  of(socket: Socket | object): number {
    const known = this.#numbers.get(socket);
    if (known !== undefined) return known;
    this.#last += 1;
    this.#numbers.set(socket, this.#last);
    return this.#last;
  }
}
