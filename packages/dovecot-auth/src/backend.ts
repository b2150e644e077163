/**
 * What answers Dovecot: implement these methods and every door of this package can be put in front of them.
 * Throwing (or rejecting) is a temporary failure, never "no such user": Dovecot tells the client to come back, and
 * mail is deferred instead of bounced.
 */
export interface AuthBackend {
  /**
   * A login with a password; may create the account.
   * Two first logins of one address may come at the same moment: the backend decides which of them wins.
   */
  verify(attempt: LoginAttempt): Promise<LoginOutcome>;
  /** Does this user exist, and what does Dovecot need to know of them (uid, gid, home, quota …)? Never creates. */
  lookup(user: string, signal: AbortSignal): Promise<UserRecord | undefined>;
  /**
   * Whether a login that `verify` accepted still holds. Asked when its mail process takes it over, which may be minutes
   * later on a busy machine: whoever was blocked or deleted meanwhile stays out. Without it, every such login holds.
   * Only behind the auth protocol.
   */
  stillHolds?(user: string, signal: AbortSignal): Promise<boolean>;
  /** Every user name, for `doveadm user '*'`. Called again for each listing; read no faster than Dovecot takes it. */
  users(signal: AbortSignal): AsyncIterable<string>;
}

/** One person who wants to log in, as every door describes them. */
export interface LoginAttempt {
  /** In lower case, and made of the allowed characters only (Dovecot's `auth_username_chars` unless configured). */
  readonly user: string;
  /** The bytes that were typed, in whatever encoding. Compare bytes: decoding folds different passwords into one. */
  readonly password: Uint8Array;
  /** The service that asks: `imap`, `pop3`, `smtp` (Postfix), `submission`, … Empty when the door cannot tell. */
  readonly service: string;
  /** The client's IP address, where Dovecot or Postfix gave one. */
  readonly remoteAddress?: string;
  /** Aborts when nobody waits for the answer any more: the client left, the deadline passed, or the server closes. */
  readonly signal: AbortSignal;
}

/** A user that exists. `fields` are Dovecot's userdb fields: `uid`, `gid`, `home`, `mail`, `quota_rule`, … */
export interface UserRecord {
  readonly user: string;
  readonly fields: Readonly<Record<string, string>>;
}

/**
 * The answer to a login. `reason` is text that the person may read (IMAP `[ALERT]`, SMTP 535), where the door can
 * carry it; without one a refusal reads like a wrong password.
 */
export type LoginOutcome =
  | { readonly kind: 'accepted'; readonly record: UserRecord }
  | { readonly kind: 'refused'; readonly reason?: string }
  | { readonly kind: 'disabled'; readonly reason?: string };
