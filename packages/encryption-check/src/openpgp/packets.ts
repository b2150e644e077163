import type { SessionKeyKind } from '../finding.ts';
import { maxSessionKeyPacketBytes } from '../limits.ts';
import type { CleartextReason } from '../reasons.ts';
import { encryptedDataHeadBytes, encryptedDataVersion, isEncryptedDataLength } from './encrypted-data.ts';
import { packetTag, readLength, readPacketHeader } from './packet-header.ts';
import type { PacketHeader } from './packet-header.ts';
import { sessionKeyKind } from './session-key.ts';

const tags = { pkesk: 1, skesk: 3, seipd: 18 } as const; // RFC 9580 §5

/** RFC 9580 §4.2.1.4: the first partial length must be at least 512 octets. */
const minFirstPartialBytes = 512;

/** Room for what most clients write; RSA needs more. */
const usualSessionKeyBytes = 256;

/** What an encrypted message turned out to contain. */
export interface PacketSummary {
  readonly sessionKeys: Readonly<Record<SessionKeyKind, number>>;
  readonly seipdVersion: 1 | 2;
  readonly packetBytes: number;
}

/**
 * Walks the packets of an encrypted message as their bytes come: one or more PKESK or SKESK, then exactly one SEIPD that
 * ends where the data ends (RFC 9580 §10.3, less the marker and padding packets, which could carry text). Keeps one
 * session-key packet at most; the encrypted data itself is only counted.
 */
export class PacketWalker {
  #state: 'header' | 'session-key' | 'encrypted-data' | 'next-length' | 'done' = 'header';
  readonly #header: number[] = [];
  #tag = 0;
  #remaining = 0;
  #isPartial = false;
  #bytes = 0;
  #sessionKey = Buffer.allocUnsafe(usualSessionKeyBytes);
  #sessionKeyLength = 0;
  readonly #head = new Uint8Array(encryptedDataHeadBytes);
  #dataLength = 0;
  #seipdVersion: 1 | 2 | undefined;
  readonly #sessionKeys = { 'PKESK v3': 0, 'PKESK v6': 0, 'SKESK v4': 0, 'SKESK v6': 0 };

  /** The broken rule, as soon as one is. */
  problem: CleartextReason | undefined;

  /** How many of the coming bytes belong to encrypted data and need not be seen, only counted. */
  get skippable(): number {
    return this.#state === 'encrypted-data' && this.#dataLength >= encryptedDataHeadBytes ? this.#remaining : 0;
  }

  /** Counts bytes of encrypted data without seeing them. At most {@link skippable}. */
  skip(count: number): void {
    this.#bytes += count;
    this.#dataLength += count;
    this.#remaining -= count;
    if (this.#remaining === 0) this.#endOfSpan();
  }

  /** Takes bytes; returns how many were taken before a rule broke, or all. */
  push(bytes: Uint8Array, length: number): number {
    let at = 0;
    while (at < length && this.problem === undefined) at += this.#take(bytes, at, length);
    return this.problem === undefined ? length : at - 1;
  }

  /** The end of the data: a summary, or the rule that it breaks. */
  end(): PacketSummary | CleartextReason {
    if (this.problem !== undefined) return this.problem;
    if (this.#state === 'done' && this.#seipdVersion !== undefined) {
      return { sessionKeys: { ...this.#sessionKeys }, seipdVersion: this.#seipdVersion, packetBytes: this.#bytes };
    }
    return this.#state === 'header' && this.#header.length === 0 ? 'encrypted-data-missing' : 'packet-truncated';
  }

  /** Takes the next byte, or more of the same kind; returns how many. */
  #take(bytes: Uint8Array, at: number, length: number): number {
    const skippable = Math.min(this.skippable, length - at);
    if (skippable > 0) {
      this.skip(skippable);
      return skippable;
    }
    if (this.#state === 'session-key') return this.#takeSessionKey(bytes, at, length);
    this.#bytes += 1;
    this.#byte(this.#state, bytes[at] ?? 0);
    return 1;
  }

  #byte(state: 'header' | 'next-length' | 'encrypted-data' | 'done', byte: number): void {
    switch (state) {
      case 'header':
        return this.#headerByte(byte);
      case 'next-length':
        return this.#nextLengthByte(byte);
      case 'encrypted-data':
        return this.#encryptedDataByte(byte);
      case 'done':
        this.problem = 'packet-trailing';
    }
  }

  #headerByte(byte: number): void {
    this.#header.push(byte);
    if (this.#header.length === 1) {
      this.problem = this.#sequenceProblem(packetTag(byte));
      if (this.problem !== undefined) return;
    }
    const header = readPacketHeader(this.#header);
    if (header.kind === 'more') return;
    this.#header.length = 0;
    if (header.kind === 'broken') this.problem = header.reason;
    else this.#startPacket(header);
  }

  #sequenceProblem(tag: number | undefined): CleartextReason | undefined {
    if (tag === undefined) return 'packet-header';
    if (tag === tags.pkesk || tag === tags.skesk) return undefined;
    if (tag !== tags.seipd) return 'packet-unexpected';
    return Object.values(this.#sessionKeys).some((count) => count > 0) ? undefined : 'session-key-missing';
  }

  #startPacket(header: PacketHeader): void {
    this.#tag = header.tag;
    this.#remaining = header.length;
    this.#isPartial = header.isPartial;
    if (header.tag === tags.seipd) {
      this.#state = 'encrypted-data';
      if (header.isPartial && header.length < minFirstPartialBytes) this.problem = 'packet-length';
      else if (header.length === 0) this.problem = 'encrypted-data-malformed';
      return;
    }
    this.#state = 'session-key';
    this.#sessionKeyLength = 0;
    // Partial lengths are for data packets only: RFC 9580 §4.2.1.4.
    if (header.isPartial) this.problem = 'packet-length';
    else if (header.length === 0 || header.length > maxSessionKeyPacketBytes) this.problem = 'session-key-malformed';
    else if (header.length > this.#sessionKey.length) this.#sessionKey = Buffer.allocUnsafe(maxSessionKeyPacketBytes);
  }

  #takeSessionKey(bytes: Uint8Array, at: number, length: number): number {
    const count = Math.min(this.#remaining, length - at);
    for (let each = 0; each < count; each += 1) {
      this.#sessionKey[this.#sessionKeyLength + each] = bytes[at + each] ?? 0;
    }
    this.#sessionKeyLength += count;
    this.#bytes += count;
    this.#remaining -= count;
    if (this.#remaining === 0) this.#endSessionKey();
    return count;
  }

  #endSessionKey(): void {
    const tag = this.#tag === tags.pkesk ? tags.pkesk : tags.skesk;
    const kind = sessionKeyKind(tag, this.#sessionKey.subarray(0, this.#sessionKeyLength));
    if (kind === undefined) this.problem = 'session-key-malformed';
    else this.#sessionKeys[kind] += 1;
    this.#state = 'header';
  }

  #encryptedDataByte(byte: number): void {
    this.#head[this.#dataLength] = byte;
    this.#dataLength += 1;
    this.#remaining -= 1;
    if (this.#dataLength === encryptedDataHeadBytes) {
      this.#seipdVersion = encryptedDataVersion(this.#head);
      if (this.#seipdVersion === undefined) this.problem = 'encrypted-data-malformed';
      else if (!this.#versionsAgree(this.#seipdVersion)) this.problem = 'session-key-mismatch';
    }
    if (this.#remaining === 0) this.#endOfSpan();
  }

  /** RFC 9580 §10.3.2.1: v3 PKESK and v4 SKESK go with v1, v6 with v2; readers skip the others, or do not. */
  #versionsAgree(version: 1 | 2): boolean {
    const keys = this.#sessionKeys;
    return version === 1 ? keys['PKESK v6'] + keys['SKESK v6'] === 0 : keys['PKESK v3'] + keys['SKESK v4'] === 0;
  }

  #nextLengthByte(byte: number): void {
    this.#header.push(byte);
    const length = readLength(this.#header, 0);
    if (length.kind === 'more') return;
    this.#header.length = 0;
    this.#remaining = length.length;
    this.#isPartial = length.isPartial;
    this.#state = 'encrypted-data';
    if (length.length === 0) this.#endOfSpan();
  }

  #endOfSpan(): void {
    if (this.#isPartial) {
      this.#state = 'next-length';
    } else if (this.#dataLength >= encryptedDataHeadBytes && isEncryptedDataLength(this.#head, this.#dataLength)) {
      this.#state = 'done';
    } else {
      this.problem = 'encrypted-data-malformed';
    }
  }
}
