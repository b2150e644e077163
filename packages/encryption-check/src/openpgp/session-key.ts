import type { SessionKeyKind } from '../finding.ts';

/**
 * What kind of session-key packet a packet's body is, or undefined when it is not built like one. Text that is only
 * dressed up as such a packet has to survive this: lengths add up to the byte, and every number that has a range is in it.
 */
export function sessionKeyKind(tag: 1 | 3, body: Uint8Array): SessionKeyKind | undefined {
  const version = body[0];
  if (tag === 1 && version === 3) return isPkesk3(body) ? 'PKESK v3' : undefined;
  if (tag === 1 && version === 6) return isPkesk6(body) ? 'PKESK v6' : undefined;
  if (tag === 3 && version === 4) return isSkesk4(body) ? 'SKESK v4' : undefined;
  if (tag === 3 && version === 6) return isSkesk6(body) ? 'SKESK v6' : undefined;
  return undefined;
}

/** RFC 9580 §5.1.1: version, key ID, algorithm, fields. */
function isPkesk3(body: Uint8Array): boolean {
  return isEncryptedKey(body, 9, 3);
}

/** RFC 9580 §5.1.2: version, length, key version and fingerprint (none for an anonymous recipient), algorithm, fields. */
function isPkesk6(body: Uint8Array): boolean {
  const length = body[1];
  if (length === undefined) return false;
  const keyVersion = body[2];
  const known = length === 0 || (length === 21 && keyVersion === 4) || (length === 33 && keyVersion === 6);
  return known && isEncryptedKey(body, 2 + length, 6);
}

function isEncryptedKey(body: Uint8Array, at: number, version: 3 | 6): boolean {
  const fields = at + 1;
  switch (body[at] ?? 0) {
    case 1: // RSA, RFC 9580 §5.1.3
    case 2: // RSA encrypt-only, deprecated
      return numberEnd(body, fields) === body.length;
    case 16: // Elgamal, RFC 9580 §5.1.4
      return numberEnd(body, numberEnd(body, fields)) === body.length;
    case 18: // ECDH, RFC 9580 §5.1.5
      return isWrappedForEcdh(body, pointEnd(body, fields));
    case 25: // X25519, RFC 9580 §5.1.6
      return isWrapped(body, fields + 32, version);
    case 26: // X448, RFC 9580 §5.1.7
      return isWrapped(body, fields + 56, version);
    case 35: // ML-KEM-768+X25519, draft-ietf-openpgp-pqc §4.3.1
      return isWrapped(body, fields + 32 + 1088, version);
    case 36: // ML-KEM-1024+X448, likewise
      return isWrapped(body, fields + 56 + 1568, version);
    default:
      return false;
  }
}

/** Smallest and largest ciphertext of RSA and Elgamal: keys from 1024 to 16384 bits, less the leading zeros that chance can give. */
const minNumberBits = 960;
const maxNumberBits = 16_384;

/** End of a multiprecision integer whose bit count is exact (RFC 9580 §3.2), or NaN. */
function numberEnd(body: Uint8Array, at: number): number {
  const bits = bitCount(body, at);
  return bits >= minNumberBits && bits <= maxNumberBits ? at + 2 + Math.ceil(bits / 8) : Number.NaN;
}

/** End of the ephemeral point of ECDH: 0x40 and a native point, or 0x04 and two coordinates (RFC 9580 §11.2). */
function pointEnd(body: Uint8Array, at: number): number {
  const bits = bitCount(body, at);
  const length = Math.ceil(bits / 8);
  const form = body[at + 2];
  const native = form === 0x40 && length === 33; // Curve25519
  const twoCoordinates = form === 0x04 && [65, 97, 129, 133].includes(length); // 256, 384, 512 and 521 bits
  return native || twoCoordinates ? at + 2 + length : Number.NaN;
}

function bitCount(body: Uint8Array, at: number): number {
  const high = body[at];
  const low = body[at + 1];
  const first = body[at + 2];
  if (high === undefined || low === undefined || first === undefined) return Number.NaN;
  const bits = (high << 8) | low;
  const topBits = bits === 0 ? 0 : ((bits - 1) % 8) + 1;
  return 32 - Math.clz32(first) === topBits ? bits : Number.NaN;
}

/** RFC 9580 §5.1.5: a length and the AES-wrapped session key, padded to a multiple of eight octets. */
function isWrappedForEcdh(body: Uint8Array, at: number): boolean {
  const length = body[at];
  return length !== undefined && length % 8 === 0 && length >= 32 && length <= 64 && at + 1 + length === body.length;
}

/** A length, for v3 the cipher, and the AES-wrapped session key: eight octets longer than a key of 16, 24 or 32. */
function isWrapped(body: Uint8Array, at: number, version: 3 | 6): boolean {
  const length = body[at];
  if (length === undefined || at + 1 + length !== body.length) return false;
  if (version === 6) return isKeyLength(length - 8);
  return isAes(body[at + 1]) && isKeyLength(length - 9);
}

/** RFC 9580 §5.3.1: version, cipher, string-to-key, and perhaps a cipher octet and key encrypted with it. */
function isSkesk4(body: Uint8Array): boolean {
  const end = 2 + stringToKeyLength(body, 2);
  const encrypted = body.length - end;
  return isCipher(body[1]) && (encrypted === 0 || isKeyLength(encrypted - 1));
}

/** RFC 9580 §5.3.2: version, length, cipher, mode, length, string-to-key, nonce, key, tag. */
function isSkesk6(body: Uint8Array): boolean {
  const stringToKey = body[4];
  const nonce = nonceLength(body[3]);
  if (stringToKey === undefined || nonce === undefined) return false;
  return (
    isBlockCipher128(body[2]) &&
    body[1] === 3 + stringToKey + nonce &&
    stringToKeyLength(body, 5) === stringToKey &&
    isKeyLength(body.length - (5 + stringToKey + nonce) - 16)
  );
}

/** RFC 9580 §3.7.1: simple, salted, iterated, Argon2. */
function stringToKeyLength(body: Uint8Array, at: number): number {
  if (body[at] === 4) {
    const passes = body[at + 17] ?? 0;
    const lanes = body[at + 18] ?? 0;
    const memory = body[at + 19] ?? 0; // an exponent: at least 8 KiB per lane, at most 2^31 KiB (RFC 9580 §3.7.1.4)
    return passes > 0 && lanes > 0 && memory >= 3 + Math.ceil(Math.log2(lanes)) && memory <= 31 ? 20 : Number.NaN;
  }
  if (!isHash(body[at + 1])) return Number.NaN;
  const lengths: Readonly<Record<number, number>> = { 0: 2, 1: 10, 3: 11 };
  return lengths[body[at] ?? -1] ?? Number.NaN;
}

/** RFC 9580 §9.5, without the reserved numbers. */
function isHash(id: number | undefined): boolean {
  return id !== undefined && [1, 2, 3, 8, 9, 10, 11, 12, 14].includes(id);
}

/** RFC 9580 §9.3, without plaintext (0) and the reserved numbers. */
export function isCipher(id: number | undefined): boolean {
  return id !== undefined && ((id >= 1 && id <= 4) || (id >= 7 && id <= 13));
}

/** The only ciphers for which a version 3 packet may wrap a key with X25519 or X448 (RFC 9580 §5.1.6, §5.1.7). */
function isAes(id: number | undefined): boolean {
  return id === 7 || id === 8 || id === 9;
}

/** AES, Twofish and Camellia: the ciphers with 128-bit blocks, which AEAD needs. */
export function isBlockCipher128(id: number | undefined): boolean {
  return id !== undefined && id >= 7 && id <= 13;
}

/** RFC 9580 §9.6: EAX, OCB, GCM. */
export function nonceLength(mode: number | undefined): number | undefined {
  if (mode === 1) return 16;
  if (mode === 2) return 15;
  return mode === 3 ? 12 : undefined;
}

function isKeyLength(octets: number): boolean {
  return octets === 16 || octets === 24 || octets === 32;
}
