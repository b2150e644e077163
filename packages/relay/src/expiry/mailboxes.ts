import type { StoredMail } from './rules.ts';

/** Chooses messages in all folders of a user: those received before a moment, or large ones before another. */
export interface MailQuery {
  readonly before?: number | undefined;
  readonly large?: { readonly overBytes: number; readonly before: number; readonly isSeen?: true };
}

/**
 * The mailboxes, as whoever keeps order in them sees them. Each method throws when it could not do its work for one of
 * the users, whoever that is, and may have done it for others.
 */
export interface Mailboxes {
  /** What fits, for each user who has such mail. */
  list(users: readonly string[], query: MailQuery): Promise<ReadonlyMap<string, readonly StoredMail[]>>;
  /** Removes what fits now. Clients that have the mailbox open are told. */
  remove(users: readonly string[], query: MailQuery): Promise<void>;
  /** How many bytes each user's mail takes up. */
  usage(users: readonly string[]): Promise<ReadonlyMap<string, number>>;
}
