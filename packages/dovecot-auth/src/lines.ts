import { DovecotProtocolError } from './errors.ts';

const LF = 0x0a;

/** Cuts a byte stream into lines that end in LF, and never holds more than one line's limit. */
export class LineDecoder {
  readonly #maxLineBytes: number;
  #parts: Buffer[] = [];
  #bytes = 0;

  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes;
  }

  /** Whether the beginning of a line is waiting for its end. */
  get isMidLine(): boolean {
    return this.#bytes > 0;
  }

  /**
   * The lines that `chunk` completes, without their LF.
   * @throws DovecotProtocolError `line-too-long`, before more than the limit was kept.
   */
  *push(chunk: Buffer): Generator<Buffer> {
    let start = 0;
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, start)) {
      const line = this.#complete(chunk.subarray(start, end));
      start = end + 1;
      yield line;
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start));
  }

  #complete(rest: Buffer): Buffer {
    this.#count(rest);
    const line = this.#parts.length === 0 ? rest : Buffer.concat([...this.#parts, rest]);
    this.#parts = [];
    this.#bytes = 0;
    return line;
  }

  #keep(part: Buffer): void {
    this.#count(part);
    this.#parts.push(part);
  }

  #count(part: Buffer): void {
    this.#bytes += part.length;
    if (this.#bytes > this.#maxLineBytes) {
      throw new DovecotProtocolError('line-too-long', `a line is longer than ${this.#maxLineBytes} bytes`);
    }
  }
}
