import type { Generated } from 'kysely';

/**
 * Every table, as the newest migration leaves it. A subject that needs tables of its own adds an interface here, its
 * columns to {@link Tables}, and a file to `migrations/`.
 *
 * Days are whole days since 1970-01-01 UTC, other times whole seconds since then.
 */
export interface Tables {
  readonly accounts: AccountsTable;
  readonly tombstones: TombstonesTable;
  readonly invites: InvitesTable;
  readonly switches: SwitchesTable;
  readonly mail_usage: MailUsageTable;
  readonly cleartext_refusals: CleartextRefusalsTable;
  readonly device_tokens: DeviceTokensTable;
  readonly secrets: SecretsTable;
  readonly mailbox_visits: MailboxVisitsTable;
  readonly leftover_mail: LeftoverMailTable;
  readonly expiry_state: ExpiryStateTable;
}

export interface AccountsTable {
  /** `local@domain`, in lower case. */
  address: string;
  /** `{SCHEME}` and the hash, see accounts/passwords. */
  password: string;
  /** Keyed proof of a machine-made password, in base64url. */
  proof: string | null;
  created_day: number;
  last_imap_day: Generated<number | null>;
  last_smtp_day: Generated<number | null>;
  blocked_day: Generated<number | null>;
  blocked_reason: Generated<string | null>;
  /** Until then an invite keeps the address for whoever redeemed it; null once somebody has logged in. */
  reserved_until: number | null;
}

export interface TombstonesTable {
  /** Keyed hash of an address that existed, in base64url. */
  address_hash: string;
  expires_at: number;
}

export interface InvitesTable {
  /** Short and public: what an operator types to revoke it. */
  id: string;
  /** SHA-256 of the token, in base64url. */
  token_hash: string;
  note: string | null;
  max_uses: number;
  uses: Generated<number>;
  created_at: number;
  expires_at: number | null;
  revoked_at: Generated<number | null>;
}

/** What an operator switches while the relay runs: `registration`, `restoring`. */
export interface SwitchesTable {
  name: string;
  value: string;
}

/** What an account has sent, or got from other servers, as far as a limit asks; gone after a day. */
export interface MailUsageTable {
  /** `from ADDRESS` or `to ADDRESS`, see mail/ledger. */
  key: string;
  /** Milliseconds since 1970-01-01 UTC, as all times in `usage`. */
  changed_at_ms: number;
  /** JSON, see mail/budget. */
  usage: string;
}

/** Who takes no mail from other servers unless it is encrypted. */
export interface CleartextRefusalsTable {
  address: string;
}

/** Which secrets the hashes and proofs in here were made with. */
export interface SecretsTable {
  name: string;
  /** See accounts/secrets: tells nothing of the secret. */
  fingerprint: string;
}

/** Where the devices of an account want to be woken, and which of them are to be woken now; see push/. */
export interface DeviceTokensTable {
  address: string;
  /** SHA-256 of the token, in base64url: short enough for an index. */
  id: string;
  token: string;
  /** When a device last said it. */
  set_day: number;
  /** Rises with every new message, so that one that comes while another is being told of is not forgotten. */
  push_count: Generated<number>;
  /** Attempts that failed so far. */
  push_tries: Generated<number>;
  /** When the newest message came that is yet to be told of. */
  push_since: Generated<number | null>;
  /** When to try (again); null when there is nothing to tell. */
  push_due: Generated<number | null>;
}

/** When each mailbox is to be looked at for mail that has become too old; see expiry/. */
export interface MailboxVisitsTable {
  address: string;
  visit_at: number;
}

/** Accounts that are gone, but whose mail may not be yet; see accounts/leftover-mail. */
export interface LeftoverMailTable {
  address: string;
}

/** What one run of expiry/ leaves for the next. */
export interface ExpiryStateTable {
  name: string;
  value: string;
}
