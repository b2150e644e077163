/** `local@domain` as it is stored and compared. */
export interface Address {
  readonly local: string;
  readonly domain: string;
}

/**
 * The one spelling of a user name: A–Z in lower case, nothing else touched. Unicode's own lower case would fold the
 * Kelvin sign onto `k`, and make two names one.
 */
export function normalizeUser(user: string): string {
  return user.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** Splits at the only `@`; undefined when there is none, or more than one. */
export function parseAddress(user: string): Address | undefined {
  const [local, domain, ...more] = user.split('@');
  return local === undefined || domain === undefined || more.length > 0 ? undefined : { local, domain };
}

/**
 * Whether mail to the local part would arrive: RFC 5321 §4.1.2 has no dot at an end and no two in a row without quotes,
 * and Postfix refuses a leading hyphen (`allow_min_user`).
 */
export function isDeliverable(local: string): boolean {
  return !/^[.-]|\.\.|\.$/.test(local);
}

/**
 * Names that speak for the domain: whoever receives their mail can have a certificate for it issued (CA/Browser Forum
 * Baseline Requirements §3.2.2.4.4), or is taken for the operator (RFC 2142). `webmaster` has just nine letters.
 */
export function isReserved(local: string): boolean {
  return reservedNames.has(local);
}

const reservedNames: ReadonlySet<string> = new Set([
  'abuse',
  'admin',
  'administrator',
  'hostmaster',
  'info',
  'mailer-daemon',
  'mailerdaemon',
  'marketing',
  'news',
  'nobody',
  'noc',
  'no-reply',
  'noreply',
  'operator',
  'postfix',
  'postmaster',
  'root',
  'sales',
  'security',
  'ssladmin',
  'ssladministrator',
  'sslwebmaster',
  'support',
  'sysadmin',
  'usenet',
  'uucp',
  'webmaster',
]);
