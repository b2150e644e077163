import { base64Group } from './armor/alphabet.ts';
import { Base64Lines } from './armor/base64.ts';
import type { Problem } from './finding.ts';
import { maxArmorVersionLength, maxBlankLines } from './limits.ts';
import { LineReader } from './mime/line.ts';
import { PartHeader } from './mime/part-header.ts';
import { dataPart, partProblem, versionPart } from './mime/part-rules.ts';
import type { Direction } from './mime/part-rules.ts';
import { PacketWalker } from './openpgp/packets.ts';
import type { PacketSummary } from './openpgp/packets.ts';
import type { CleartextReason } from './reasons.ts';

/**
 * A sentence that clients put before the first part, for readers without MIME. It tells nothing of the sender's, so it
 * is let in; outgoing mail has no use for it.
 */
const knownPreambles = [
  'This is an OpenPGP/MIME encrypted message (RFC 4880 and 3156)', // Thunderbird, Proton Mail
  'This is an OpenPGP/MIME encrypted message (RFC 2440 and 3156)', // GPGMail, Mailvelope
];

type Place =
  | 'preamble'
  | 'version-header'
  | 'version-text'
  | 'after-version'
  | 'data-header'
  | 'armor-begin'
  | 'armor-header'
  | 'armor-data'
  | 'armor-end'
  | 'after-armor'
  | 'epilogue';

/**
 * The body of a multipart/encrypted message (RFC 3156 §4) as the one grammar that all clients write: every line is either
 * one of the few that may stand there, or the end of the matter. Nothing can hide in a place that is not looked at.
 */
export class EncryptedBody {
  readonly #delimiter: string;
  readonly #closeDelimiter: string;
  readonly #direction: Direction;
  readonly #lines = new LineReader();
  readonly #packets = new PacketWalker();
  readonly #base64 = new Base64Lines(this.#packets);
  #header: PartHeader | undefined;
  #place: Place = 'preamble';
  #blankLines = 0;
  #hasPreamble = false;
  #hasArmorVersion = false;
  #hasChecksum = false;

  problem: Problem | undefined;

  constructor(boundary: string, direction: Direction) {
    this.#delimiter = `--${boundary}`;
    this.#closeDelimiter = `--${boundary}--`;
    this.#direction = direction;
  }

  /** Takes a chunk whose first byte is the `offset`th of the message. */
  push(chunk: Buffer, offset: number): void {
    let at = 0;
    while (at < chunk.length && this.problem === undefined) {
      if (this.#place === 'armor-data' && !this.#lines.isOpen) {
        at = this.#base64.push(chunk, at, offset + at);
        this.problem = this.#base64.problem;
        if (at === chunk.length || this.problem !== undefined) return;
      }
      at = this.#lines.take(chunk, at, offset + at);
      this.problem = this.#lines.problem;
      if (this.#lines.line !== undefined) this.#takeLine(this.#lines.line);
    }
  }

  /** The end of the message, `offset` bytes from its start. */
  end(offset: number): PacketSummary | Problem {
    // RFC 2046 §5.1.1: the closing delimiter needs no line end.
    if (this.problem === undefined && this.#lines.isOpen) this.#takeLine(this.#lines.rest);
    if (this.problem !== undefined) return this.problem;
    const packets = this.#packets.end();
    if (this.#place === 'epilogue' && typeof packets !== 'string') return packets;
    const isInFirstPart =
      this.#place === 'version-header' || this.#place === 'version-text' || this.#place === 'after-version';
    return { reason: isInFirstPart ? 'second-part-missing' : 'body-truncated', offset };
  }

  #takeLine(line: string): void {
    const reason = this.#reasonAgainst(line);
    if (reason !== undefined) this.problem = { reason, offset: this.#lines.start };
  }

  #reasonAgainst(line: string): CleartextReason | undefined {
    switch (this.#place) {
      case 'preamble':
        if (line === this.#delimiter) return this.#go('version-header');
        if (this.#isKnownPreamble(line)) return undefined;
        return this.#blankOr(line, 'preamble');
      case 'version-header':
        return this.#headerLine(line, 'version-text');
      case 'version-text':
        return line === 'Version: 1' ? this.#go('after-version') : 'first-part-text'; // RFC 3156 §4
      case 'after-version':
        if (line === this.#delimiter) return this.#go('data-header');
        if (line === this.#closeDelimiter) return 'second-part-missing';
        return this.#blankOr(line, 'first-part-text');
      case 'data-header':
        return this.#headerLine(line, 'armor-begin');
      case 'armor-begin':
        if (line === '-----BEGIN PGP MESSAGE-----') return this.#go('armor-header');
        return this.#blankOr(line, 'armor-missing');
      case 'armor-header':
        return this.#armorHeaderLine(line);
      case 'armor-data':
        return this.#checksumOrEnd(line);
      case 'armor-end':
        return line === '-----END PGP MESSAGE-----' ? this.#endArmor() : 'armor-end';
      case 'after-armor':
        if (line === this.#closeDelimiter) return this.#go('epilogue');
        if (line === this.#delimiter) return 'part-too-many';
        return this.#blankOr(line, 'armor-trailing');
      case 'epilogue':
        return this.#blankOr(line, 'epilogue');
    }
    return this.#place satisfies never;
  }

  #go(place: Place): undefined {
    this.#place = place;
    this.#blankLines = 0;
  }

  /** Once, for a row of sentences could be read as bits. */
  #isKnownPreamble(line: string): boolean {
    if (this.#direction === 'outgoing' || this.#hasPreamble) return false;
    this.#hasPreamble = knownPreambles.includes(line);
    return this.#hasPreamble;
  }

  #blankOr(line: string, otherwise: CleartextReason): CleartextReason | undefined {
    if (line !== '') return otherwise;
    this.#blankLines += 1;
    return this.#blankLines > maxBlankLines ? 'blank-lines' : undefined;
  }

  #headerLine(line: string, next: 'version-text' | 'armor-begin'): CleartextReason | undefined {
    this.#header ??= new PartHeader();
    const fields = this.#header.take(line);
    if (fields === 'more') return undefined;
    if (fields === 'malformed') return 'part-header';
    this.#header = undefined;
    return partProblem(fields, next === 'version-text' ? versionPart : dataPart, this.#direction) ?? this.#go(next);
  }

  /** RFC 9580 §6.2: header lines are free text that anybody reads; Proton Mail is known to send `Version:`. */
  #armorHeaderLine(line: string): CleartextReason | undefined {
    if (line === '') return this.#go('armor-data');
    const isVersion = line.startsWith('Version: ') && line.length <= 'Version: '.length + maxArmorVersionLength;
    if (this.#direction === 'outgoing' || !isVersion || this.#hasArmorVersion) return 'armor-header';
    this.#hasArmorVersion = true;
    return /^[\x20-\x7e]*$/.test(line) ? undefined : 'armor-header';
  }

  /** RFC 9580 §6.1: `=` and four characters, optional; wrong ones are refused here, because readers differ. */
  #checksumOrEnd(line: string): CleartextReason | undefined {
    if (line.startsWith('=') && !this.#hasChecksum) {
      this.#hasChecksum = true;
      const isRight = line.length === 5 && base64Group(line.slice(1)) === this.#base64.checksum;
      return isRight ? this.#go('armor-end') : 'armor-checksum';
    }
    return line === '-----END PGP MESSAGE-----' ? this.#endArmor() : 'armor-end';
  }

  #endArmor(): CleartextReason | undefined {
    const packets = this.#packets.end();
    return typeof packets === 'string' ? packets : this.#go('after-armor');
  }
}
