import { PassThrough } from 'node:stream';
import { domainToASCII } from 'node:url';
import type { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import type { KeyLookup } from './key-lookup.ts';

/**
 * What the signatures of a message say of its author's domain: it signed; nobody signed; no signature is that domain's
 * and valid; or DNS did not answer, so that nobody knows.
 */
export type SignatureFinding = 'valid' | 'none' | 'invalid' | 'unknown';

/** Nobody signs twice but with two kinds of keys, and while keys change. */
const maxSignatures = 4;
/** The parser's work grows with the square of the lines; real mail has some hundred. */
const maxHeaderLines = 5_000;
/** RFC 5321 §4.5.3.1.6 allows 1,000. What `relaxed` makes of a line is known at its end only. */
const maxLineBytes = 262_144;
const lf = 0x0a;

interface Field {
  readonly name: string;
  readonly bytes: Buffer;
}

/**
 * Checks the DKIM signatures of one message as it comes; nothing of its body is held. Only signatures of the author's own
 * domain count (RFC 6376 leaves that to its user; it is DMARC's strict alignment), so only these are worked on. DNS is
 * asked at the end, when somebody wants to know.
 */
export class SignatureCheck {
  readonly #keys: KeyLookup;
  #fields: Field[] = [];
  #domain = '';
  #message: PassThrough | undefined;
  #verified: Promise<SignatureFinding> | undefined;
  #isSigned = false;
  #lineBytes = 0;
  /** The keys that were not fresh. */
  readonly #kept = new Map<string, string>();

  constructor(keys: KeyLookup) {
    this.#keys = keys;
  }

  /** @param value with the space after the colon; a fold is LF and white space. */
  header(name: string, value: Uint8Array): void {
    const text = Buffer.from(value).toString('latin1').replace(/\r?\n/g, '\r\n');
    this.#fields.push({ name: name.trimEnd().toLowerCase(), bytes: Buffer.from(`${name}:${text}\r\n`, 'latin1') });
  }

  /** @param authorDomain of the one address in the one From field; undefined when there is no such. */
  endOfHeaders(authorDomain: string | undefined): void {
    const fields = this.#fields;
    this.#fields = [];
    this.#domain = domainToASCII(authorDomain ?? '');
    const signatures = fields.filter(({ name }) => name === 'dkim-signature');
    this.#isSigned = signatures.length > 0;
    const own = signatures.filter(({ bytes }) => this.#isOwn(claimedDomain(bytes))).slice(0, maxSignatures);
    if (own.length === 0) return;
    // Other signatures, and the chains of forwarders, would only have their keys looked up.
    const kept = fields.filter(
      (field) => own.includes(field) || (field.name !== 'dkim-signature' && !field.name.startsWith('arc-')),
    );
    const header = Buffer.concat([...kept.map(({ bytes }) => bytes), Buffer.from('\r\n')]);
    if (countLines(header) > maxHeaderLines) return;
    this.#message = new PassThrough();
    this.#verified = this.#verify(this.#message);
    this.#verified.catch(() => {}); // whoever waits for it hears of it
    this.#message.write(header);
  }

  body(chunk: Uint8Array): void {
    if (this.#message === undefined) return;
    const lastLineEnd = chunk.lastIndexOf(lf);
    this.#lineBytes = lastLineEnd === -1 ? this.#lineBytes + chunk.length : chunk.length - lastLineEnd;
    if (this.#lineBytes > maxLineBytes) this.abandon();
    else this.#message.write(chunk);
  }

  async end(): Promise<SignatureFinding> {
    if (this.#message === undefined || this.#verified === undefined) return this.#isSigned ? 'invalid' : 'none';
    this.#message.end();
    const finding = await this.#verified;
    return finding === 'invalid' && (await this.#keysChanged()) ? 'unknown' : finding;
  }

  /** Nobody wants to know any more. */
  abandon(): void {
    this.#message?.destroy();
    this.#message = undefined;
  }

  async #verify(message: PassThrough): Promise<SignatureFinding> {
    const { dkimVerify: verify } = await loadVerifier();
    const { results } = await verify(message, {
      rejectRsaSha1: true, // RFC 8301 §3.1
      minBitLength: 1024,
      resolver: async (name) => {
        const answer = await this.#keys.find(name);
        if (answer.kind !== 'found') throw new DnsError(answer.kind === 'absent' ? 'ENOTFOUND' : 'ETIMEOUT');
        if (answer.isKept) this.#kept.set(name, answer.record);
        return [[answer.record]];
      },
    });
    const own = results.filter(({ signingDomain }) => this.#isOwn(signingDomain));
    // A signature over a part of the body (`l=`) lets anybody add to it.
    if (own.some(({ status }) => status.result === 'pass' && !status.underSized)) return 'valid';
    return own.some(({ status }) => status.result === 'temperror') ? 'unknown' : 'invalid';
  }

  /** A domain may have got a new key under the old name: then the sender is asked to try again. */
  async #keysChanged(): Promise<boolean> {
    for (const [name, record] of this.#kept) {
      const answer = await this.#keys.fresh(name);
      if (answer.kind === 'unknown' || (answer.kind === 'found' && answer.record !== record)) return true;
    }
    return false;
  }

  #isOwn(domain: string | undefined): boolean {
    return this.#domain !== '' && domainToASCII(domain ?? '') === this.#domain;
  }
}

/** Loads what verifies: a quarter of a second, and 30 MB that the gate alone needs. */
export async function loadVerifier(): Promise<{ dkimVerify: typeof dkimVerify }> {
  return await import('mailauth/lib/dkim/verify.js');
}

class DnsError extends Error {
  override readonly name = 'DnsError';
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** The `d=` of a signature, only to choose by: what counts is what the verifier reads. RFC 6376 §3.2, §3.5 */
function claimedDomain(field: Buffer): string | undefined {
  const tags = field.toString('latin1').replace(/^[^:]*:/, '');
  return /(?:^|;)\s*d\s*=\s*([^;\s]*)/i.exec(tags)?.[1];
}

function countLines(text: Buffer): number {
  let lines = 0;
  for (let at = text.indexOf(lf); at !== -1; at = text.indexOf(lf, at + 1)) lines += 1;
  return lines;
}
