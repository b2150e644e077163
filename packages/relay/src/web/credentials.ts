import { randomInt } from 'node:crypto';

/** Letters and digits that nobody misreads: without `i l o` and the digits that look like them or like `b s z`. */
const legible = 'abcdefghjkmnpqrstuvwxyz34679';
/** 28 characters out of 28: 134 bits, so that the password counts as machine-made. */
const passwordLength = 28;
/** What clients invent for themselves, and what relays accept by default. */
const defaultUsernameLength = 9;

export interface CredentialOptions {
  readonly domain: string;
  readonly usernameLength?: number;
  /** A uniform whole number from 0 up to and without `bound`; node:crypto's by default. */
  readonly random?: (bound: number) => number;
}

/** An address and a password from a cryptographic random source, made to be read aloud and typed. */
export function newCredentials(options: CredentialOptions): { readonly email: string; readonly password: string } {
  const { domain, usernameLength = defaultUsernameLength, random = randomInt } = options;
  return { email: `${letters(usernameLength, random)}@${domain}`, password: letters(passwordLength, random) };
}

function letters(length: number, random: (bound: number) => number): string {
  return Array.from({ length }, () => legible.charAt(random(legible.length))).join('');
}
