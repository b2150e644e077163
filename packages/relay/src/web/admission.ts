import type { Socket } from 'node:net';
import type { WebEvent } from './events.ts';
import type { WebLimits } from './limits.ts';
import { SourceCount } from './sources.ts';

/** Keeps the number of web visitors bounded: over all, from one source, and in time. */
export class Admission {
  readonly #limits: WebLimits;
  readonly #sources: SourceCount;
  readonly #inside = new Map<Socket, () => void>();

  constructor(limits: WebLimits) {
    this.#limits = limits;
    this.#sources = new SourceCount(limits.webConnectionsPerSource);
  }

  /** Lets a connection in until it ends, leaves, or has lasted long enough; says why not otherwise. */
  admit(socket: Socket): WebEvent | undefined {
    const address = socket.remoteAddress;
    if (address === undefined) return { kind: 'connection.refused', reason: 'gone' };
    if (this.#inside.size >= this.#limits.webConnections) return { kind: 'connection.refused', reason: 'too-many' };
    if (!this.#sources.take(address)) return { kind: 'connection.refused', reason: 'too-many-from-one-source' };
    const lifetime = setTimeout(() => socket.destroy(), this.#limits.connectionMs);
    const leave = (): void => {
      clearTimeout(lifetime);
      if (this.#inside.delete(socket)) this.#sources.release(address);
    };
    this.#inside.set(socket, leave);
    socket.once('close', leave);
    return undefined;
  }

  /** The connection is not the web's any more: its limits no longer hold. */
  leave(socket: Socket): void {
    this.#inside.get(socket)?.();
  }

  has(socket: Socket): boolean {
    return this.#inside.has(socket);
  }
}
