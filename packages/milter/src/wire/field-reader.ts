import { MilterProtocolError } from '../errors.ts';

/** Reads the fields of one frame in order, never past its end. */
export class FieldReader {
  readonly #frame: Buffer;
  #at: number;

  /** @param frame with its command octet, which is skipped. */
  constructor(frame: Buffer) {
    this.#frame = frame;
    this.#at = 1;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#frame.length;
  }

  uint8(name: string): number {
    return this.#frame.readUInt8(this.#take(1, name));
  }

  uint16(name: string): number {
    return this.#frame.readUInt16BE(this.#take(2, name));
  }

  uint32(name: string): number {
    return this.#frame.readUInt32BE(this.#take(4, name));
  }

  /** The bytes up to the next NUL, which is consumed. @throws MilterProtocolError `field-unterminated`. */
  string(name: string): Buffer {
    if (this.isAtEnd) throw new MilterProtocolError('field-missing', `the frame ends before its ${name}`);
    const end = this.#frame.indexOf(0, this.#at);
    if (end === -1) throw new MilterProtocolError('field-unterminated', `the ${name} does not end with a NUL`);
    return this.#slice(end);
  }

  /** Like `string`, but the end of the frame ends it as well. */
  lenientString(): Buffer {
    const end = this.#frame.indexOf(0, this.#at);
    return this.#slice(end === -1 ? this.#frame.length : end);
  }

  /** Everything that is left. */
  rest(): Buffer {
    const rest = this.#frame.subarray(this.#at);
    this.#at = this.#frame.length;
    return rest;
  }

  #slice(end: number): Buffer {
    const bytes = this.#frame.subarray(this.#at, end);
    this.#at = end + 1;
    return bytes;
  }

  #take(bytes: number, name: string): number {
    const at = this.#at;
    if (at + bytes > this.#frame.length) {
      throw new MilterProtocolError('field-missing', `the frame ends before its ${name}`);
    }
    this.#at += bytes;
    return at;
  }
}
