/**
 * The characters that Dovecot allows in a user name unless told otherwise (`auth_username_chars`), in lower case
 * because Dovecot lower-cases names too (`auth_username_format = %Lu`).
 */
export const dovecotUserName: RegExp = /^[a-z0-9.\-_@]{1,254}$/;

/**
 * A user name in the one spelling that the backend sees, or nothing if no account can have this name.
 * The auth protocol hands us what the client typed; the other doors hand us what Dovecot made of it.
 */
export function userNameFrom(typed: string, pattern: RegExp): string | undefined {
  const user = typed.toLowerCase();
  return pattern.test(user) ? user : undefined;
}
