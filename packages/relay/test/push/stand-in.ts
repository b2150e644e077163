import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';

/** Everything that one request said. */
export interface SeenRequest {
  readonly line: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** How to answer; nothing at all is a service that hangs. */
export type Behaviour = (response: ServerResponse, request: SeenRequest) => void;

export const takes: Behaviour = (response) => response.writeHead(200).end();

export function answers(status: number): Behaviour {
  return (response) => response.writeHead(status).end('whatever');
}

/** In place of the service that wakes devices: it fails as it is told. */
export class NotificationStandIn implements AsyncDisposable {
  readonly seen: SeenRequest[] = [];
  behave: Behaviour = takes;
  #server: Server | undefined;
  #port = 0;
  readonly #watchers = new Set<() => void>();

  static async start(): Promise<NotificationStandIn> {
    const standIn = new NotificationStandIn();
    await standIn.open();
    return standIn;
  }

  get port(): number {
    return this.#port;
  }

  /** Listens (again), on the same port as before, once whoever connected from it meanwhile is gone. */
  async open(): Promise<void> {
    const server = createServer((request, response) => void this.#receive(request, response));
    server.on('clientError', (_error, socket) => socket.destroy());
    while (!(await listens(server, this.#port))) await wait(50);
    this.#port = portOf(server.address());
    this.#server = server;
  }

  /** From now on nobody is there. */
  async shut(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  /** The bodies of all requests, once there were so many. */
  async bodies(count: number): Promise<string[]> {
    while (this.seen.length < count) {
      await new Promise<void>((resolve) => this.#watchers.add(resolve));
    }
    return this.seen.map(({ body }) => body);
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url, httpVersion, headers } = request;
    const seen = { line: `${method} ${url} HTTP/${httpVersion}`, headers, body: await text(request) };
    this.seen.push(seen);
    this.behave(response, seen);
    for (const wake of this.#watchers) wake();
    this.#watchers.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shut();
  }
}

function portOf(address: AddressInfo | string | null): number {
  if (typeof address !== 'object' || address === null) throw new TypeError('not a TCP port');
  return address.port;
}

async function listens(server: Server, port: number): Promise<boolean> {
  try {
    server.listen(port);
    await once(server, 'listening');
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return false;
    throw error;
  }
}
