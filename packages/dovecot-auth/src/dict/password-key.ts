import { createDecipheriv } from 'node:crypto';

/** What Dovecot's `passdb` key tells of a login. */
export interface PasswordKey {
  readonly service: string;
  readonly remoteAddress: string | undefined;
  /** Nothing for a lookup without a password (`doveadm auth lookup`, LMTP proxying). */
  readonly password: Uint8Array | undefined;
  readonly user: string;
}

/**
 * Reads `passdb/SERVICE/ADDRESS/SECRET/USER`, where SECRET is what Dovecot's `%{encrypt;algo=aes-256-cbc,…:password}`
 * makes of the password: `<iv>$<cipher text>$` in hex with a new IV each time, or nothing for an empty password.
 * A key that holds a password in clear is not understood on purpose: Dovecot writes dict keys to its log whenever a
 * lookup fails or is slow.
 * Source: dovecot src/auth/auth-var-expand-crypt.c var_expand_encrypt().
 *
 * @throws Error when the key has another form, or was encrypted with another key.
 */
export function readPasswordKey(path: string, key: Uint8Array): PasswordKey {
  const match =
    /^(?<service>[^/]*)\/(?<address>[^/]*)\/(?:(?<iv>[0-9a-f]{32})\$(?<secret>[0-9a-f]+)\$)?\/(?<user>.+)$/s.exec(path);
  if (match?.groups === undefined) {
    throw new Error('a passdb key is not of the form passdb/SERVICE/ADDRESS/ENCRYPTED-PASSWORD/USER');
  }
  const { service = '', address = '', iv, secret, user = '' } = match.groups;
  return {
    service,
    remoteAddress: address === '' ? undefined : address,
    password: iv === undefined || secret === undefined ? undefined : decrypt(key, iv, secret),
    user,
  };
}

function decrypt(key: Uint8Array, iv: string, secret: string): Uint8Array {
  const decipher = createDecipheriv('aes-256-cbc', key, Buffer.from(iv, 'hex'));
  return Buffer.concat([decipher.update(secret, 'hex'), decipher.final()]);
}
