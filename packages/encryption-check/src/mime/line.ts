import type { Problem } from '../finding.ts';
import { maxLineBytes } from '../limits.ts';

const [nul, lf, cr] = [0x00, 0x0a, 0x0d];

/**
 * Reads one line at a time from chunks cut anywhere. A line ends with CRLF and nothing else; a CR or LF on its own, a NUL
 * and a line of more than 998 bytes (RFC 5322 §2.1.1, §2.3) are problems.
 */
export class LineReader {
  /** The beginning of a line that was cut. */
  #held: Buffer | undefined;
  #length = 0;
  #sawCr = false;

  /** The line that {@link take} has just completed, byte for character, without its CRLF. */
  line: string | undefined;
  /** Where the line at hand starts. */
  start = 0;
  problem: Problem | undefined;

  /** Whether a line has begun and not ended. */
  get isOpen(): boolean {
    return this.#length > 0 || this.#sawCr;
  }

  /** The unfinished line, at the end of a message. A CR that waits for its LF is part of it. */
  get rest(): string {
    return this.#heldText() + (this.#sawCr ? '\r' : '');
  }

  /** Takes bytes up to the end of the line or of the chunk, and returns where it stopped. */
  take(chunk: Buffer, from: number, offset: number): number {
    if (!this.isOpen) {
      this.start = offset;
      const end = endOfOrdinary(chunk, from);
      if (chunk[end] === cr && chunk[end + 1] === lf && end - from <= maxLineBytes) {
        this.line = chunk.toString('latin1', from, end);
        return end + 2;
      }
    }
    return this.#takeBytes(chunk, from, offset);
  }

  /** The same for a line that does not lie in the chunk as a whole, or not without a problem. */
  #takeBytes(chunk: Buffer, from: number, offset: number): number {
    this.line = undefined;
    const held = (this.#held ??= Buffer.allocUnsafe(maxLineBytes));
    for (let at = from; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0;
      if (this.#sawCr) {
        if (byte !== lf) return this.#fail('bare-cr-or-lf', offset + at - from - 1, at);
        this.line = this.#heldText();
        this.#length = 0;
        this.#sawCr = false;
        return at + 1;
      }
      if (byte === cr) this.#sawCr = true;
      else if (byte === lf) return this.#fail('bare-cr-or-lf', offset + at - from, at);
      else if (byte === nul) return this.#fail('nul', offset + at - from, at);
      else if (this.#length === maxLineBytes) return this.#fail('line-too-long', this.start, at);
      else {
        held[this.#length] = byte;
        this.#length += 1;
      }
    }
    return chunk.length;
  }

  #heldText(): string {
    return this.#held?.toString('latin1', 0, this.#length) ?? '';
  }

  #fail(reason: Problem['reason'], offset: number, next: number): number {
    this.problem = { reason, offset };
    return next;
  }
}

/** Where the first byte stands that no line has inside, or the end of the chunk. */
function endOfOrdinary(chunk: Buffer, from: number): number {
  let at = from;
  for (; at < chunk.length; at += 1) {
    const byte = chunk[at] ?? 0;
    if (byte <= cr && (byte === cr || byte === lf || byte === nul)) break;
  }
  return at;
}
