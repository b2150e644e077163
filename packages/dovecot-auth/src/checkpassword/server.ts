import type { AuthBackend } from '../backend.ts';
import { systemClock } from '../clock.ts';
import type { Clock } from '../clock.ts';
import type { EventListener } from '../events.ts';
import { defaultLimits } from '../limits.ts';
import type { Limits } from '../limits.ts';
import { Acceptor, ConnectionNumbers } from '../sockets/acceptor.ts';
import type { Listen } from '../sockets/listen.ts';
import { dovecotUserName } from '../user-name.ts';
import { CheckpasswordConnection } from './connection.ts';

export interface CheckpasswordServerOptions {
  readonly backend: AuthBackend;
  readonly onEvent?: EventListener;
  readonly limits?: Partial<Limits>;
  readonly userName?: RegExp;
  readonly clock?: Clock;
}

/** A server for the `checkpassword` stub of this package. */
export interface CheckpasswordServer {
  /** @throws Error when a socket cannot be had. */
  listen(where: { readonly client: readonly Listen[] }): Promise<void>;
  /** Stops listening, answers what was asked for up to `drainMs` (2 s unless given), then closes. */
  close(options?: { readonly drainMs?: number }): Promise<void>;
}

/**
 * Accounts for Dovecot 2.3 through `passdb checkpassword` and `userdb checkpassword`, which 2.4 removed. Dovecot forks
 * the stub for every login; the stub asks this server. Dovecot passes it at most 512 bytes of name and password.
 */
export function createCheckpasswordServer(options: CheckpasswordServerOptions): CheckpasswordServer {
  const { backend, onEvent = () => {}, userName = dovecotUserName, clock = systemClock } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const acceptor = new Acceptor({ limits, clock, onEvent, numbers: new ConnectionNumbers() });
  const shared = { backend, limits, clock, onEvent, userName };
  return {
    listen: ({ client }) =>
      acceptor.listen(
        client,
        (socket, connection) => new CheckpasswordConnection({ ...shared, socket, connection }).peer,
      ),
    close: ({ drainMs = 2_000 } = {}) => acceptor.close({ drainMs }),
  };
}
