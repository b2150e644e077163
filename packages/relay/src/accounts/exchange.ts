import { type AccountRow, dayOf, isReservation } from './records.ts';
import { isKnownHash, lockedPassword } from './passwords.ts';

/** An account as it goes from one relay to another: one JSON object per line. Days are dates, `2026-11-22`. */
export interface PortableAccount {
  readonly address: string;
  /** `{SCHEME}` and hash. */
  readonly password: string;
  readonly created: string;
  readonly lastImap?: string;
  readonly lastSmtp?: string;
  readonly blocked?: { readonly since: string; readonly reason?: string };
}

/** What an operator sees of an account. */
export type AccountView = Omit<PortableAccount, 'password'> & {
  /** An invite keeps the address, and nobody has logged in yet. */
  readonly isReserved?: true;
};

export function toPortable(row: AccountRow): PortableAccount {
  return { password: row.password, ...toView(row) };
}

export function toView(row: AccountRow): AccountView {
  return {
    address: row.address,
    created: dateOf(row.created_day),
    ...(row.last_imap_day !== null && { lastImap: dateOf(row.last_imap_day) }),
    ...(row.last_smtp_day !== null && { lastSmtp: dateOf(row.last_smtp_day) }),
    ...(row.blocked_day !== null && {
      blocked: { since: dateOf(row.blocked_day), ...(row.blocked_reason !== null && { reason: row.blocked_reason }) },
    }),
    ...(isReservation(row) && { isReserved: true }),
  };
}

/**
 * One that came from outside, as it would be stored. A password that cannot be checked is no reason to leave the account
 * out, for then a stranger could create it: it is locked instead.
 *
 * @throws RangeError when it is not an account at all.
 */
export function fromPortable(given: unknown): AccountRow {
  if (typeof given !== 'object' || given === null) throw new RangeError('not a JSON object');
  const fields: Readonly<Record<string, unknown>> = { ...given };
  const { address, password, created, blocked } = fields;
  if (typeof address !== 'string' || typeof password !== 'string') throw new RangeError('no address or no password');
  const isUsable = isKnownHash(password);
  const createdDay = dayFrom(created);
  if (createdDay === null) throw new RangeError('no date of creation');
  const block: Readonly<Record<string, unknown>> =
    typeof blocked === 'object' && blocked !== null ? { ...blocked } : {};
  return {
    address,
    password: isUsable ? password : lockedPassword,
    proof: null,
    created_day: createdDay,
    last_imap_day: dayFrom(fields['lastImap']),
    last_smtp_day: dayFrom(fields['lastSmtp']),
    blocked_day: blocked === undefined ? null : (dayFrom(block['since']) ?? createdDay),
    blocked_reason: typeof block['reason'] === 'string' ? block['reason'] : null,
    reserved_until: null,
  };
}

export function dateOf(day: number): string {
  return new Date(day * 86_400_000).toISOString().slice(0, 10);
}

function dayFrom(value: unknown): number | null {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(value)) return null;
  const time = Date.parse(`${value}T00:00:00Z`);
  return Number.isNaN(time) ? null : dayOf(time);
}
