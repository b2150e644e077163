import type { Problem } from '../finding.ts';
import { maxLineBytes } from '../limits.ts';

const [nul, cr, lf] = [0x00, 0x0d, 0x0a];

/**
 * Collects one line at a time from chunks cut anywhere. A line ends with CRLF and nothing else; a CR or LF on its own,
 * a NUL and a line of more than 998 bytes (RFC 5322 §2.1.1, §2.3) are problems.
 */
export class LineReader {
  readonly #bytes = Buffer.alloc(maxLineBytes);
  #length = 0;
  #sawCr = false;

  /** Where the line at hand starts. */
  start = 0;
  problem: Problem | undefined;

  /** Whether a line has begun and not ended. */
  get isOpen(): boolean {
    return this.#length > 0 || this.#sawCr;
  }

  /** The unfinished line, at the end of a message. A CR that waits for its LF is part of it. */
  get rest(): string {
    return this.#bytes.toString('latin1', 0, this.#length) + (this.#sawCr ? '\r' : '');
  }

  /** Takes bytes up to the end of the line, and returns where it stopped. The line is whole when `line` is given. */
  take(chunk: Uint8Array, from: number, offset: number): { readonly next: number; readonly line: string | undefined } {
    if (!this.isOpen) this.start = offset;
    for (let at = from; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0;
      if (this.#sawCr) {
        if (byte !== lf) return this.#fail('bare-cr-or-lf', offset + at - from - 1, at);
        const line = this.#bytes.toString('latin1', 0, this.#length);
        this.#length = 0;
        this.#sawCr = false;
        return { next: at + 1, line };
      }
      if (byte === cr) this.#sawCr = true;
      else if (byte === lf) return this.#fail('bare-cr-or-lf', offset + at - from, at);
      else if (byte === nul) return this.#fail('nul', offset + at - from, at);
      else if (this.#length === maxLineBytes) return this.#fail('line-too-long', this.start, at);
      else {
        this.#bytes[this.#length] = byte;
        this.#length += 1;
      }
    }
    return { next: chunk.length, line: undefined };
  }

  #fail(reason: Problem['reason'], offset: number, next: number): { readonly next: number; readonly line: undefined } {
    this.problem = { reason, offset };
    return { next, line: undefined };
  }
}
