import { randomBytes, randomInt } from 'node:crypto';
import type { AuthBackend } from '../backend.ts';
import { systemClock, within } from '../clock.ts';
import type { Clock } from '../clock.ts';
import type { EventListener } from '../events.ts';
import { defaultLimits } from '../limits.ts';
import type { Limits } from '../limits.ts';
import { Acceptor, ConnectionNumbers } from '../sockets/acceptor.ts';
import type { Listen } from '../sockets/listen.ts';
import { dovecotUserName } from '../user-name.ts';
import { ClientConnection } from './client-connection.ts';
import { UnclaimedLogins } from './logins.ts';
import { MasterConnection } from './master-connection.ts';

export interface AuthServerOptions {
  readonly backend: AuthBackend;
  readonly onEvent?: EventListener;
  readonly limits?: Partial<Limits>;
  /** Which user names, in lower case, can exist; Dovecot's default characters unless given. */
  readonly userName?: RegExp;
  readonly clock?: Clock;
}

/** A server that stands in for Dovecot's `auth` process. */
export interface AuthServer {
  /**
   * Opens the sockets. `client` is for Dovecot's login processes and Postfix (`smtpd_sasl_path`), `master` for mail
   * processes, LMTP and doveadm: whoever may open the master socket may look everybody up.
   * @throws Error when a socket cannot be had.
   */
  listen(where: { readonly client: readonly Listen[]; readonly master: readonly Listen[] }): Promise<void>;
  /**
   * Stops listening for logins, answers those that came, and waits for their mail processes to claim them, all within
   * `drainMs` (2 s unless given); then closes.
   */
  close(options?: { readonly drainMs?: number }): Promise<void>;
}

/** Dovecot's authentication protocol (doc/auth-protocol.txt, version 1): serves Dovecot 2.3 and 2.4 and Postfix. */
export function createAuthServer(options: AuthServerOptions): AuthServer {
  const { backend, onEvent = () => {}, userName = dovecotUserName, clock = systemClock } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const logins = new UnclaimedLogins({ limit: limits.maxUnclaimedLogins, timeoutMs: limits.claimTimeoutMs });
  const sockets = { limits, clock, onEvent, numbers: new ConnectionNumbers() };
  const clients = new Acceptor(sockets);
  const masters = new Acceptor(sockets);
  // Not our pid: in a container it is the same after every restart, and Dovecot would take a login that the previous
  // process accepted for one of ours (src/lib-login/login-server-auth.c auth_request_check_spid()).
  const serverPid = randomInt(1, 0x7fff_ffff);
  const shared = { backend, logins, limits, clock, onEvent, userName, serverPid };
  return {
    async listen({ client, master }) {
      await clients.listen(client, (socket, connection) => {
        const cookie = randomBytes(16).toString('hex');
        return new ClientConnection({ ...shared, socket, connection, cookie }).peer;
      });
      await masters.listen(
        master,
        (socket, connection) => new MasterConnection({ ...shared, socket, connection }).peer,
      );
    },
    async close({ drainMs = 2_000 } = {}) {
      const deadline = clock.now() + drainMs;
      const left = (): number => Math.max(0, deadline - clock.now());
      await clients.close({ drainMs });
      // Who was told OK is on the way to a mail process, which will ask for them here and nowhere else.
      await within(clock, left(), () => logins.claimed());
      await masters.close({ drainMs: left() });
    },
  };
}
