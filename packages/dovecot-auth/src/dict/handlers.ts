import type { DictChange, DictQuery } from './messages.ts';

/** Who asks a dict, and until when the answer is wanted. */
export interface DictContext {
  /** The name after the last colon of the `proxy:SOCKET:NAME` in Dovecot's configuration. */
  readonly dict: string;
  /** The user on whose behalf Dovecot asks; empty for shared keys that belong to nobody. */
  readonly user: string;
  /** The connection's number, as in events. */
  readonly connection: number;
  readonly signal: AbortSignal;
}

/** A transaction that is to be committed: all of it or nothing. */
export interface DictTransaction {
  readonly changes: readonly DictChange[];
  /** How long the values are to be kept, in seconds; 0 means for ever. */
  readonly expireSeconds: number;
  /** When the changes were made, in seconds since 1970, if Dovecot said so. */
  readonly timestampSeconds?: number;
}

/**
 * What a dict can do. A method that is missing fails temporarily, as does one that throws.
 * Keys come as Dovecot writes them: `shared/…`, or `priv/…` for a user's own.
 */
export interface DictHandlers {
  /** The value of a key (or its several values), or nothing when it does not exist. */
  lookup?(key: string, context: DictContext): Promise<string | readonly string[] | undefined>;
  /** The keys and values that a query asks for; Dovecot is trusted to ask for no more rows than it wants. */
  iterate?(query: DictQuery, context: DictContext): AsyncIterable<readonly [key: string, value: string]>;
  /**
   * Makes the changes durable. `'not-found'` says that a key to be incremented does not exist, `'refused'` that the
   * changes are not wanted: nothing was changed, and trying again is of no use.
   */
  commit?(transaction: DictTransaction, context: DictContext): Promise<'committed' | 'not-found' | 'refused'>;
}
