import { hash, timingSafeEqual } from 'node:crypto';

/**
 * `{SSHA256}` and the base64 of digest and salt, as Dovecot writes it (src/auth/password-scheme.c, ssha256_generate): for
 * a moment, and for passwords that nobody could guess however fast the hash is.
 */
export function saltedSha256(password: Uint8Array, salt: Uint8Array): string {
  return `${prefix}${Buffer.concat([digestOf(password, salt), salt]).toString('base64')}`;
}

export function isSaltedSha256(stored: string): boolean {
  return /^\{SSHA256\}[\w+/]{48,86}={0,2}$/.test(stored);
}

export function verifySaltedSha256(password: Uint8Array, stored: string): boolean {
  const bytes = Buffer.from(stored.slice(prefix.length), 'base64');
  return timingSafeEqual(digestOf(password, bytes.subarray(digestBytes)), bytes.subarray(0, digestBytes));
}

const prefix = '{SSHA256}';
const digestBytes = 32;

function digestOf(password: Uint8Array, salt: Uint8Array): Buffer {
  return hash('sha256', Buffer.concat([password, salt]), 'buffer');
}
