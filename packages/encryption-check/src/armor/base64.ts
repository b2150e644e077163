import type { Problem } from '../finding.ts';
import { maxArmorLineLength } from '../limits.ts';
import { notBase64, sextets } from './alphabet.ts';
import { bulkLineBytes, bulkMaxLines, checksumLines } from './bulk.ts';
import { crc24Byte, crc24Group, crc24Start } from '../openpgp/crc24.ts';
import type { PacketWalker } from '../openpgp/packets.ts';
import type { CleartextReason } from '../reasons.ts';

const lineDataBytes = 48;
/** Fewer lines are done sooner one by one. */
const minBulkLines = 8;
const [cr, lf, equals, dash] = [0x0d, 0x0a, 0x3d, 0x2d];

/**
 * Decodes the lines between an armor's empty line and its checksum or END line, strictly: full groups of four per line,
 * CRLF after each, padding only at the very end and without hidden bits (RFC 4648 §3.5). Hands every line on as it is decoded.
 */
export class Base64Lines {
  readonly #packets: PacketWalker;
  readonly #decoded = new Uint8Array(Math.ceil(maxArmorLineLength / 4) * 3);
  #decodedLength = 0;
  #column = 0;
  /** Characters of the unfinished group, and their bits. */
  #pending = 0;
  #group = 0;
  /** `=` characters seen; after the first, the data is at its end. */
  #padding = 0;
  #sawCr = false;
  #canBulk = bulkMaxLines > 0;
  #lineOffset = 0;
  #lineHandedOn = 0;

  checksum: number = crc24Start;
  problem: Problem | undefined;

  constructor(packets: PacketWalker) {
    this.#packets = packets;
  }

  /**
   * Decodes `chunk` from `from`, whose place in the message is `offset`. Returns where it stopped: at the end of the
   * chunk, at the start of a line that is no data (it begins with `-` or `=`), or anywhere when there is a problem.
   */
  push(chunk: Uint8Array, from: number, offset: number): number {
    let at = from;
    while (at < chunk.length && this.problem === undefined) {
      const byte = chunk[at] ?? 0;
      if (this.#column === 0 && !this.#sawCr) {
        if (byte === dash || byte === equals) break;
        const passed = this.#passLines(chunk, at);
        if (passed > 0) {
          at += passed;
          continue;
        }
        this.#lineOffset = offset + at - from;
        this.#lineHandedOn = 0;
      }
      const end = this.#passGroups(chunk, at);
      if (end > at) {
        at = end;
        continue;
      }
      const reason = this.#take(byte);
      if (reason !== undefined) this.problem = { reason, offset: offset + at - from };
      at += 1;
    }
    this.#handOn();
    return at;
  }

  /** Passes many lines at once where nothing but the checksum depends on them; returns how many bytes they had. */
  #passLines(chunk: Uint8Array, at: number): number {
    const dataBytes = Math.min(this.#packets.skippable, bulkMaxLines * lineDataBytes);
    const lines = Math.min(Math.floor(dataBytes / lineDataBytes), Math.floor((chunk.length - at) / bulkLineBytes));
    if (lines < minBulkLines || !this.#canBulk || this.#padding > 0) return 0;
    const bytes = lines * bulkLineBytes;
    const checksum = checksumLines(this.checksum, chunk.subarray(at, at + bytes));
    if (checksum === undefined) {
      this.#canBulk = false; // another line length, or a mistake: byte by byte from here, once and for all
      return 0;
    }
    this.checksum = checksum;
    this.#packets.skip(lines * lineDataBytes);
    return bytes;
  }

  /** Decodes whole groups of four as far as they go in this line; returns where it stopped. */
  #passGroups(chunk: Uint8Array, from: number): number {
    if (this.#pending > 0 || this.#padding > 0 || this.#sawCr) return from;
    const end = Math.min(chunk.length, from + maxArmorLineLength - this.#column) - 3;
    const decoded = this.#decoded;
    let length = this.#decodedLength;
    let { checksum } = this;
    let at = from;
    for (; at < end; at += 4) {
      const first = sextets[chunk[at] ?? 0] ?? notBase64;
      const second = sextets[chunk[at + 1] ?? 0] ?? notBase64;
      const third = sextets[chunk[at + 2] ?? 0] ?? notBase64;
      const fourth = sextets[chunk[at + 3] ?? 0] ?? notBase64;
      if (((first | second | third | fourth) & notBase64) !== 0) break;
      const group = (first << 18) | (second << 12) | (third << 6) | fourth;
      checksum = crc24Group(checksum, group);
      decoded[length] = group >> 16;
      decoded[length + 1] = group >> 8;
      decoded[length + 2] = group;
      length += 3;
    }
    this.checksum = checksum;
    this.#decodedLength = length;
    this.#column += at - from;
    return at;
  }

  #take(byte: number): CleartextReason | undefined {
    const sextet = sextets[byte] ?? notBase64;
    if (this.#sawCr) return this.#endLine(byte);
    if (sextet !== notBase64) return this.#character(sextet);
    if (byte === equals) return this.#pad();
    if (byte === cr) {
      this.#sawCr = true;
      return undefined;
    }
    if (byte === lf) return 'bare-cr-or-lf';
    return byte === 0 ? 'nul' : 'armor-base64';
  }

  #character(sextet: number): CleartextReason | undefined {
    if (this.#padding > 0) return 'armor-padding';
    if (this.#column === maxArmorLineLength) return 'armor-line';
    this.#column += 1;
    this.#group = (this.#group << 6) | sextet;
    this.#pending += 1;
    if (this.#pending < 4) return undefined;
    this.checksum = crc24Group(this.checksum, this.#group);
    this.#emit(this.#group >> 16);
    this.#emit(this.#group >> 8);
    this.#emit(this.#group);
    this.#pending = 0;
    this.#group = 0;
    return undefined;
  }

  /** RFC 4648 §3.5: the bits that padding leaves over must be zero, or two texts would decode to the same bytes. */
  #pad(): CleartextReason | undefined {
    if (this.#column === maxArmorLineLength) return 'armor-line';
    this.#column += 1;
    this.#padding += 1;
    if (this.#padding === 1) {
      const leftOver = this.#pending === 2 ? this.#group & 0x0f : this.#pending === 3 ? this.#group & 0x03 : -1;
      if (leftOver !== 0) return 'armor-padding';
      const bits = this.#pending * 6;
      for (let byte = 1; byte <= this.#pending - 1; byte += 1) {
        const value = (this.#group >> (bits - 8 * byte)) & 0xff;
        this.checksum = crc24Byte(this.checksum, value);
        this.#emit(value);
      }
    }
    return this.#pending + this.#padding > 4 ? 'armor-padding' : undefined;
  }

  #endLine(byte: number): CleartextReason | undefined {
    if (byte !== lf) return 'bare-cr-or-lf';
    if (this.#column === 0) return 'armor-line';
    const isWhole = this.#padding === 0 ? this.#pending === 0 : this.#pending + this.#padding === 4;
    if (!isWhole) return this.#padding === 0 ? 'armor-line' : 'armor-padding';
    this.#handOn();
    this.#column = 0;
    this.#sawCr = false;
    return undefined;
  }

  #emit(value: number): void {
    this.#decoded[this.#decodedLength] = value;
    this.#decodedLength += 1;
  }

  #handOn(): void {
    const length = this.#decodedLength;
    if (length === 0) return;
    this.#decodedLength = 0;
    const taken = this.#packets.push(this.#decoded, length);
    const reason = this.#packets.problem;
    if (reason !== undefined) {
      const offset = this.#lineOffset + Math.floor(((this.#lineHandedOn + taken) * 4) / 3);
      // The first mistake counts, so that the finding does not depend on how the bytes were cut.
      if (this.problem === undefined || offset < this.problem.offset) this.problem = { reason, offset };
    }
    this.#lineHandedOn += length;
  }
}
