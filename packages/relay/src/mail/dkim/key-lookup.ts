import { Resolver } from 'node:dns/promises';

/** What DNS says at a name: a record with a key, that there is none, or nothing that one could rely on. */
export type KeyAnswer =
  | { readonly kind: 'found'; readonly record: string }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unknown' };

/** Asks for all TXT records at a name. @throws with the resolver's `code`. */
export type TxtLookup = (name: string) => Promise<readonly (readonly string[])[]>;

/** A relay hears from few others; what goes beyond is somebody who makes up names. */
const maxKeys = 1_000;
/** A key that was withdrawn counts no longer than this. A new one counts at once: see `fresh`. */
const keepMs = 900_000;
/** 16,384 bits of RSA, the most that OpenSSL takes, are 2,740 characters. */
const maxRecordLength = 4_000;

/** The public keys of other domains, kept for a while. That there is none is never kept: an operator may just add it. */
export class KeyLookup {
  readonly #lookUp: TxtLookup;
  readonly #nowMs: () => number;
  /** The oldest first. */
  readonly #kept = new Map<string, { readonly record: string; readonly untilMs: number }>();

  /** @param nowMs a clock that never goes back. */
  constructor(lookUp: TxtLookup, nowMs: () => number) {
    this.#lookUp = lookUp;
    this.#nowMs = nowMs;
  }

  /** @param name `SELECTOR._domainkey.DOMAIN`. */
  async find(name: string): Promise<KeyAnswer & { readonly isKept: boolean }> {
    const key = name.toLowerCase();
    const kept = this.#kept.get(key);
    if (kept !== undefined && kept.untilMs > this.#nowMs()) return { kind: 'found', record: kept.record, isKept: true };
    return { ...(await this.fresh(name)), isKept: false };
  }

  /** Asks DNS in any case. */
  async fresh(name: string): Promise<KeyAnswer> {
    const key = name.toLowerCase();
    this.#kept.delete(key);
    const answer = await this.#ask(name);
    if (answer.kind !== 'found') return answer;
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= maxKeys && oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(key, { record: answer.record, untilMs: this.#nowMs() + keepMs });
    return answer;
  }

  async #ask(name: string): Promise<KeyAnswer> {
    try {
      // Some publish a key with line breaks or escaped quotes in it, which every verifier reads.
      const records = (await this.#lookUp(name)).map((parts) => parts.join('').replace(/[\s"]/g, ''));
      const record = records.find((text) => /(^|;)p=/.test(text) && text.length <= maxRecordLength);
      return record === undefined ? { kind: 'absent' } : { kind: 'found', record };
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      return { kind: isFinal(code) ? 'absent' : 'unknown' };
    }
  }
}

/** No such name, no such record, or a name that cannot be: asking again would not change it. */
function isFinal(code: unknown): boolean {
  return code === 'ENOTFOUND' || code === 'ENODATA' || code === 'EBADNAME' || code === 'EBADQUERY';
}

/** The servers of `/etc/resolv.conf` as it is now. After about 15 s nobody knows, and the sender tries again later. */
export const systemTxtLookup: TxtLookup = (name) => new Resolver({ timeout: 4_000, tries: 3 }).resolveTxt(name);
