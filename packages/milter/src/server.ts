import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { systemClock } from './clock.ts';
import { MilterConnection } from './connection.ts';
import type { Action } from './edits.ts';
import type { Program } from './program.ts';
import { listenUnix, type UnixAddress } from './unix-socket.ts';

/** Where to listen: a unix socket, TCP, or a socket that somebody else has opened. */
export type ListenAddress = UnixAddress | { readonly host?: string; readonly port: number } | { readonly fd: number };

/** A filter that listens. */
export interface MilterServer {
  /** The path of a unix socket, or where TCP listens; nothing for a socket given as `fd` that has no such thing. */
  readonly address: string | AddressInfo | null;
  /** How many mail servers are connected. */
  readonly connections: number;
  /**
   * Takes no further connection, and waits for those that there are: a mail server that loses us in the middle refuses
   * mail for the rest of that SMTP session. At the deadline what is owed is answered with a temporary failure.
   * May be called again, also with a shorter deadline.
   */
  close(options?: { readonly drainMs?: number }): Promise<void>;
  /** Closes as `close()` does: `await using server = await milter.listen(…)`. */
  [Symbol.asyncDispose](): Promise<void>;
}

const defaultDrainMs = 30_000;
/** How long a connection may take to close after its last answer. */
const closeGraceMs = 5000;

/** Listens, and runs one session for each connection. */
export async function listen<A extends Action, C, M>(
  program: Program<A, C, M>,
  address: ListenAddress,
): Promise<MilterServer> {
  const connections = new Set<MilterConnection<A, C, M>>();
  let nextId = 1;
  const server = createServer({ noDelay: true }, (socket: Socket) => {
    const connection = new MilterConnection({ id: nextId, socket, program, clock: systemClock });
    nextId += 1;
    connections.add(connection);
    void connection.closed.then(() => {
      connections.delete(connection);
      if (connections.size === 0) whenEmpty?.();
    });
  });
  server.maxConnections = program.limits.connections;
  server.on('drop', () => program.onEvent?.({ kind: 'connection.dropped', limit: program.limits.connections }));
  const removeSocket = await open(server, address);

  let whenEmpty: (() => void) | undefined;
  let empty: Promise<void> | undefined;
  const stopListening = (): Promise<void> =>
    (empty ??= new Promise((resolve) => {
      whenEmpty = resolve;
      server.close();
      removeSocket();
      if (connections.size === 0) resolve();
    }));
  const close: MilterServer['close'] = async ({ drainMs = defaultDrainMs } = {}) => {
    const drained = stopListening();
    if (await within(drained, drainMs)) return;
    for (const connection of connections) connection.cut();
    if (await within(drained, closeGraceMs)) return;
    for (const connection of connections) connection.destroy();
    await drained;
  };
  return {
    address: 'path' in address ? address.path : server.address(),
    get connections() {
      return connections.size;
    },
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}

/** @returns what removes a unix socket's file again. */
async function open(server: Server, address: ListenAddress): Promise<() => void> {
  if ('path' in address) return listenUnix(server, address);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(
      'fd' in address ? { fd: address.fd } : { host: address.host ?? '127.0.0.1', port: address.port },
      () => {
        server.off('error', reject);
        resolve();
      },
    );
  });
  return () => {};
}

/** Whether it happens in time. */
async function within(happening: Promise<void>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  try {
    return await Promise.race([happening.then(() => true), deadline]);
  } finally {
    clearTimeout(timer);
  }
}
