import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';

/** One password that was right for one account as it is stored now; it proves nothing once the account changes. */
export interface Claim {
  readonly user: string;
  readonly password: Uint8Array;
  /** The stored form that the password was checked against. */
  readonly stored: string;
}

/** Node takes three times as long with bare bytes, so whoever proves often makes a KeyObject once. */
type Key = Uint8Array | KeyObject;

/** A keyed hash of a claim: whoever does not have the key cannot guess passwords with it. */
export function prove(key: Key, { user, password, stored }: Claim): Buffer {
  const lengths = Buffer.alloc(8);
  const [userBytes, storedBytes] = [Buffer.from(user), Buffer.from(stored)];
  lengths.writeUInt32BE(userBytes.length, 0);
  lengths.writeUInt32BE(storedBytes.length, 4);
  return createHmac('sha256', key).update(lengths).update(userBytes).update(storedBytes).update(password).digest();
}

export function isProof(given: string, key: Key, claim: Claim): boolean {
  return isSame(Buffer.from(given, 'base64url'), prove(key, claim));
}

/** Logins that succeeded, kept in memory only, under a key that dies with the process. Holds no password. */
export class RememberedLogins {
  readonly #key: KeyObject;
  readonly #max: number;
  readonly #rememberMs: number;
  /** The one used longest ago comes first. */
  readonly #proofs = new Map<string, { readonly proof: Buffer; readonly until: number }>();

  constructor(options: { key: Uint8Array; maxRemembered: number; rememberSeconds: number }) {
    this.#key = createSecretKey(options.key);
    this.#max = options.maxRemembered;
    this.#rememberMs = options.rememberSeconds * 1_000;
  }

  /** @param now milliseconds. */
  has(claim: Claim, now: number): boolean {
    const known = this.#proofs.get(claim.user);
    if (known === undefined) return false;
    if (known.until <= now) {
      this.#proofs.delete(claim.user);
      return false;
    }
    if (!isSame(known.proof, prove(this.#key, claim))) return false;
    this.#proofs.delete(claim.user);
    this.#proofs.set(claim.user, known);
    return true;
  }

  /** @param now milliseconds; the proof expires from here, however often it is used. */
  add(claim: Claim, now: number): void {
    this.#proofs.delete(claim.user);
    this.#proofs.set(claim.user, { proof: prove(this.#key, claim), until: now + this.#rememberMs });
    for (const oldest of this.#proofs.keys()) {
      if (this.#proofs.size <= this.#max) break;
      this.#proofs.delete(oldest);
    }
  }
}

function isSame(given: Buffer, expected: Buffer): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected);
}
