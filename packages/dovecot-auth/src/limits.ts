/**
 * How much any one peer may cost. Every value can be given to the servers as `limits`.
 * A limit that only a broken or hostile peer reaches closes its connection; a limit that a crowd can reach slows
 * reading down instead, so that a login storm waits in Dovecot's own queue.
 */
export interface Limits {
  /** One line, or one request body. Dovecot's login processes send at most 16 KiB, its dict clients 64 KiB. */
  readonly maxLineBytes: number;
  /** How long a peer may take from its connection, or from the first byte of a line, to the end of that line. */
  readonly lineTimeoutMs: number;
  /** Simultaneous connections of one server; later ones are closed at once. Dovecot runs a process per client by default. */
  readonly maxConnections: number;
  /** Calls into the backend per connection at one time; above it the connection is not read. */
  readonly maxCallsInFlight: number;
  /** SASL exchanges per connection that wait for a client's next line or for the failure delay; above it they fail temporarily. */
  readonly maxOpenExchanges: number;
  /** After this a SASL exchange that the client left unfinished is forgotten. Dovecot gives up a login after 180 s. */
  readonly exchangeTimeoutMs: number;
  /** The backend's deadline. Postfix waits 10 s for a SASL answer before it gives up the session, Dovecot 60 s or more. */
  readonly callTimeoutMs: number;
  /** How long a refusal is held back, as Dovecot's `auth_failure_delay`: slows guessing, costs the honest nothing. */
  readonly failureDelayMs: number;
  /** Accepted logins that no Dovecot process has claimed yet; the oldest is forgotten first. */
  readonly maxUnclaimedLogins: number;
  /** How long an accepted login may wait to be claimed. Dovecot waits as long (MASTER_AUTH_SERVER_TIMEOUT_SECS). */
  readonly claimTimeoutMs: number;
  /** Output that a peer leaves unread before it is cut off. */
  readonly maxUnreadBytes: number;
}

export const defaultLimits: Limits = {
  maxLineBytes: 65_536,
  lineTimeoutMs: 30_000,
  maxConnections: 10_000,
  maxCallsInFlight: 256,
  maxOpenExchanges: 10_000,
  exchangeTimeoutMs: 180_000,
  callTimeoutMs: 9_000,
  failureDelayMs: 2_000,
  maxUnclaimedLogins: 20_000,
  claimTimeoutMs: 150_000,
  maxUnreadBytes: 1_048_576,
};
