import { randomBytes } from 'node:crypto';
import { argon2id, hash as argon2Hash, verify as argon2Verify } from 'argon2';
import { isMachineMade } from './machine-made.ts';
import { isSaltedSha256, saltedSha256, verifySaltedSha256 } from './salted-sha256.ts';
import type { Argon2Cost, PasswordSettings } from './settings.ts';
import { isSha512Crypt, verifySha512Crypt } from './sha512-crypt.ts';
import { WorkQueue } from './work-queue.ts';

/** Hashes passwords and checks them: few at once, the rest in a bounded queue. */
export class Passwords {
  readonly #cost: Argon2Cost;
  readonly #queue: WorkQueue;
  #decoy: Promise<string> | undefined;

  constructor(settings: PasswordSettings) {
    this.#cost = settings.argon2;
    this.#queue = new WorkQueue(settings);
  }

  /** Whether a hash would be computed at once. */
  get isIdle(): boolean {
    return this.#queue.isIdle;
  }

  /** @returns `{ARGON2ID}$argon2id$…`, in the order of parameters that Dovecot (libsodium) reads too. @throws OverloadError */
  async hash(password: Uint8Array, signal: AbortSignal): Promise<string> {
    return await this.#queue.run(() => this.#argon2(password), signal);
  }

  /**
   * The form in which the password of a new account is stored: what a machine drew so that Argon2 adds nothing to it
   * costs no Argon2 before the answer, and gets it afterwards (rehashing.ts). @throws OverloadError
   */
  async first(password: Uint8Array, signal: AbortSignal): Promise<string> {
    return isMachineMade(password) ? saltedSha256(password, randomBytes(16)) : await this.hash(password, signal);
  }

  /** @throws OverloadError; RangeError for a stored form that is not known: that is our failure, not the user's. */
  async verify(password: Uint8Array, stored: string, signal: AbortSignal): Promise<boolean> {
    const isQuick = isSaltedSha256(stored);
    if (isQuick && verifySaltedSha256(password, stored)) return true;
    if (!isQuick && !isLocked(stored)) return await this.#queue.run(() => check(password, stored), signal);
    await this.pretend(password, signal);
    return false;
  }

  /** Takes as long as {@link verify}, for an address that does not exist. */
  async pretend(password: Uint8Array, signal: AbortSignal): Promise<void> {
    this.#decoy ??= this.#argon2(new Uint8Array(16));
    await this.verify(password, await this.#decoy, signal);
  }

  /** Whether the stored form is weaker than, or otherwise not, what is set now. */
  isOutdated(stored: string): boolean {
    return !stored.startsWith(`{ARGON2ID}${argon2Prefix(this.#cost)}`);
  }

  async #argon2(password: Uint8Array): Promise<string> {
    const { memoryKiB, passes, lanes } = this.#cost;
    const bytes = Buffer.from(password.buffer, password.byteOffset, password.byteLength);
    const cost = { memoryCost: memoryKiB, timeCost: passes, parallelism: lanes };
    // argon2 0.45 writes m,p,t where libsodium, and so Dovecot, reads m,t,p only.
    const [salt, digest] = (await argon2Hash(bytes, { type: argon2id, ...cost })).split('$').slice(-2);
    return `{ARGON2ID}${argon2Prefix(this.#cost)}${salt}$${digest}`;
  }
}

/** Whether {@link Passwords.verify} can check a stored form: asked before one is imported. */
export function isKnownHash(stored: string): boolean {
  const argon2 = /^\{ARGON2ID\}\$argon2id\$v=19\$m=\d{1,6},t=\d{1,2},p=\d{1,2}\$[\w+/]{11,86}\$[\w+/]{22,86}$/;
  return argon2.test(stored) || isSha512Crypt(stored) || isSaltedSha256(stored) || isLocked(stored);
}

/** Stands where a password was that cannot be checked: the account is there, and nobody gets in. */
export const lockedPassword = '{LOCKED}';

export function isLocked(stored: string): boolean {
  return stored === lockedPassword;
}

async function check(password: Uint8Array, stored: string): Promise<boolean> {
  if (isSha512Crypt(stored)) return await verifySha512Crypt(password, stored);
  if (!isKnownHash(stored)) throw new RangeError(`a stored password has an unknown form: ${schemeOf(stored)}`);
  const bytes = Buffer.from(password.buffer, password.byteOffset, password.byteLength);
  return await argon2Verify(stored.slice('{ARGON2ID}'.length), bytes);
}

function argon2Prefix({ memoryKiB, passes, lanes }: Argon2Cost): string {
  return `$argon2id$v=19$m=${memoryKiB},t=${passes},p=${lanes}$`;
}

function schemeOf(stored: string): string {
  return /^\{[A-Z0-9-]+\}/.exec(stored)?.[0] ?? 'no {SCHEME}';
}
