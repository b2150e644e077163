import { hash, timingSafeEqual } from 'node:crypto';
import { setImmediate as breathe } from 'node:timers/promises';

/**
 * `{SHA512-CRYPT}$6$…`, the form in which chatmail relays keep passwords.
 * Source: Ulrich Drepper, "Unix crypt using SHA-256 and SHA-512" (SHA-crypt.txt, version 0.6); the numbers are its steps.
 */
export function isSha512Crypt(stored: string): boolean {
  const parts = parse(stored);
  return parts !== undefined && parts.rounds <= maxRounds;
}

/** Whoever stored a million rounds meant it; more only serves to keep us busy. */
const maxRounds = 1_000_000;
const defaultRounds = 5_000;
/** The event loop gets its turn about once per millisecond. */
const roundsPerTurn = 500;

/** What crypt(3) takes; a longer password cannot have made the hash. libxcrypt lib/crypt.h CRYPT_MAX_PASSPHRASE_SIZE */
const maxPasswordBytes = 511;

/** @throws RangeError when `stored` is not of this form. */
export async function verifySha512Crypt(password: Uint8Array, stored: string): Promise<boolean> {
  const parts = parse(stored);
  if (parts === undefined) throw new RangeError('not a SHA512-CRYPT hash');
  if (password.length > maxPasswordBytes) return false;
  const digest = await sha512Crypt(password, Buffer.from(parts.salt, 'latin1'), parts.rounds);
  const [given, expected] = [Buffer.from(encode(digest)), Buffer.from(parts.digest)];
  return given.length === expected.length && timingSafeEqual(given, expected);
}

interface Sha512CryptParts {
  readonly rounds: number;
  readonly salt: string;
  readonly digest: string;
}

function parse(stored: string): Sha512CryptParts | undefined {
  const match = /^(?:\{SHA512-CRYPT\}|\{CRYPT\})?\$6\$(?:rounds=(\d{1,9})\$)?([^$]{0,16})\$([./0-9A-Za-z]{86})$/.exec(
    stored,
  );
  if (match?.[2] === undefined || match[3] === undefined) return undefined;
  const rounds = match[1] === undefined ? defaultRounds : Math.max(1_000, Number(match[1]));
  return { rounds, salt: match[2], digest: match[3] };
}

async function sha512Crypt(password: Uint8Array, salt: Uint8Array, rounds: number): Promise<Buffer> {
  const b = sha512([password, salt, password]); // 4–8
  const aParts: Uint8Array[] = [password, salt, repeated(b, password.length)]; // 1–3, 9–10
  for (let bits = password.length; bits > 0; bits >>= 1) aParts.push((bits & 1) === 1 ? b : password); // 11
  let digest = sha512(aParts); // 12
  const p = repeated(sha512(times(password, password.length)), password.length); // 13–16
  const s = repeated(sha512(times(salt, 16 + (digest[0] ?? 0))), salt.length); // 17–20
  for (let round = 0; round < rounds; round += 1) {
    const odd = (round & 1) === 1;
    const parts = [odd ? p : digest]; // 21 b, c
    if (round % 3 !== 0) parts.push(s); // d
    if (round % 7 !== 0) parts.push(p); // e
    parts.push(odd ? digest : p); // f, g
    digest = sha512(parts);
    if (round % roundsPerTurn === roundsPerTurn - 1) await breathe();
  }
  return digest;
}

function sha512(parts: readonly Uint8Array[]): Buffer {
  return hash('sha512', Buffer.concat(parts), 'buffer');
}

function times(bytes: Uint8Array, count: number): Uint8Array[] {
  return Array.from({ length: count }, () => bytes);
}

/** The bytes again and again, cut off at the length. */
function repeated(bytes: Uint8Array, length: number): Buffer {
  return Buffer.concat(times(bytes, Math.ceil(length / bytes.length) || 0), length);
}

const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Step 22 e: three bytes from the thirds of the digest make four letters; the thirds change places each time. */
function encode(digest: Buffer): string {
  let text = '';
  for (let i = 0; i < 21; i += 1) {
    const thirds = [i, i + 21, i + 42];
    const order = [thirds[i % 3], thirds[(i + 1) % 3], thirds[(i + 2) % 3]];
    const [high = 0, middle = 0, low = 0] = order.map((at) => digest[at ?? 0]);
    text += letters((high << 16) | (middle << 8) | low, 4);
  }
  return text + letters(digest[63] ?? 0, 2);
}

function letters(value: number, count: number): string {
  let text = '';
  for (let rest = value, i = 0; i < count; i += 1, rest >>= 6) text += alphabet[rest & 63];
  return text;
}
