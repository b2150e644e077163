import { systemClock } from '../clock.ts';
import type { Clock } from '../clock.ts';
import type { EventListener } from '../events.ts';
import { defaultLimits } from '../limits.ts';
import type { Limits } from '../limits.ts';
import { Acceptor, ConnectionNumbers } from '../sockets/acceptor.ts';
import type { Listen } from '../sockets/listen.ts';
import { DictConnection } from './connection.ts';
import type { DictHandlers } from './handlers.ts';

export interface DictServerOptions {
  /** By dict name: `auth` answers `proxy:/run/x.sock:auth`. Other names are turned away. */
  readonly handlers: Readonly<Record<string, DictHandlers>>;
  readonly onEvent?: EventListener;
  readonly limits?: Partial<Limits>;
  readonly clock?: Clock;
}

/** A server for Dovecot's dict clients. */
export interface DictServer {
  /** @throws Error when a socket cannot be had. */
  listen(where: { readonly client: readonly Listen[] }): Promise<void>;
  /** Stops listening, answers what was asked for up to `drainMs` (2 s unless given), then closes. */
  close(options?: { readonly drainMs?: number }): Promise<void>;
}

/**
 * Dovecot's dict protocol (src/lib-dict/dict-client.h, versions 3 of Dovecot 2.3 and 4 of 2.4) in front of any
 * handlers: METADATA, `last_login`, quota, or accounts (see `createDictAuthServer`).
 * Keys and values are text: bytes that are not UTF-8 do not survive.
 */
export function createDictServer(options: DictServerOptions): DictServer {
  const { handlers, onEvent = () => {}, clock = systemClock } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const acceptor = new Acceptor({ limits, clock, onEvent, numbers: new ConnectionNumbers() });
  return {
    listen: ({ client }) =>
      acceptor.listen(
        client,
        (socket, connection) => new DictConnection({ socket, connection, handlers, limits, clock, onEvent }).peer,
      ),
    close: ({ drainMs = 2_000 } = {}) => acceptor.close({ drainMs }),
  };
}
