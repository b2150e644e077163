import type { Kysely } from 'kysely';
import type { Tables } from '../store/tables.ts';

/** Something that clients find over IMAP METADATA (RFC 5464), by its name: `/shared/admin`, `/private/devicetoken`. */
export interface MetadataEntry {
  /** Its value for a user; nothing when it has none. */
  read(user: string): Promise<string | undefined>;
  /** Absent for what clients can only read. */
  readonly change?: {
    accepts(value: string): boolean;
    /** Nothing as value removes it. */
    write(db: Kysely<Tables>, user: string, value: string | undefined): Promise<void>;
  };
}

export type MetadataEntries = ReadonlyMap<string, MetadataEntry>;

/** Where Dovecot keeps what is set on the server, which IMAP names "": beside what is set on the inbox. */
const onServer = 'vendor/vendor.dovecot/pvt/server/';

/**
 * Where Dovecot looks for an entry, without the mailbox that stands in between: shared ones on the server, private ones
 * there and on every mailbox, with one and the same value.
 * Source: dovecot src/lib-storage/mailbox-attribute.h.
 */
export function dictPaths(name: string): readonly string[] {
  if (name.startsWith('/shared/')) return [`shared/${onServer}${name.slice('/shared/'.length)}`];
  const own = name.slice('/private/'.length);
  return [`priv/${own}`, `priv/${onServer}${own}`];
}

/** Takes the mailbox out of a key: `priv/GUID/devicetoken` is `priv/devicetoken`. */
export function withoutMailbox(key: string): string {
  return key.replace(/^(priv|shared)\/[^/]*\//, '$1/');
}
