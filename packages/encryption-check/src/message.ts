import { MessageCheck } from './check.ts';
import type { CheckOptions } from './check.ts';
import type { CleartextFinding, Finding } from './finding.ts';
import { maxHeaderFieldBytes } from './limits.ts';

/** A raw message under examination: chunks of its bytes, cut anywhere, then the end. Never throws, whatever the bytes. */
export interface MessageStream {
  write(chunk: Uint8Array): void;
  /** Set as soon as the bytes so far make the message cleartext, whatever may follow. */
  readonly decided: CleartextFinding | undefined;
  end(): Finding;
}

/** Checks a whole raw message, its lines ended by CRLF. */
export function checkMessage(raw: Uint8Array, options: CheckOptions): Finding {
  const stream = createMessageStream(options);
  stream.write(raw);
  return stream.end();
}

/** Starts the check of one raw message that comes in chunks. Holds one header field at most, of up to 64 KB. */
export function createMessageStream(options: CheckOptions): MessageStream {
  return new RawMessage(options);
}

/** A field that fills this is longer than the check allows, whatever its colon and line end take. */
const roomForField = maxHeaderFieldBytes + ': \r\n'.length;

const [cr, lf, space, tab, colon] = [0x0d, 0x0a, 0x20, 0x09, 0x3a];

/** Splits the header into fields at every CRLF that no white space follows; the rest is the check's. */
class RawMessage implements MessageStream {
  readonly #check: MessageCheck;
  /** The field at hand, its line ends included. */
  #field: Buffer = Buffer.allocUnsafe(1024);
  #length = 0;
  #isBody = false;

  constructor(options: CheckOptions) {
    this.#check = new MessageCheck(options, 'crlf');
  }

  get decided(): CleartextFinding | undefined {
    return this.#check.decided;
  }

  write(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length && !this.#isBody && this.decided === undefined) at = this.#takeLine(chunk, at);
    if (this.#isBody && at < chunk.length) this.#check.body(chunk.subarray(at));
  }

  end(): Finding {
    // A message that ends inside its header has no body; the line at hand may lack its CRLF.
    if (!this.#isBody && this.decided === undefined) this.#giveField();
    return this.#check.end();
  }

  /** Takes bytes up to the next LF or the end of the chunk, and returns where it stopped. */
  #takeLine(chunk: Uint8Array, from: number): number {
    if (this.#endsLine && chunk[from] !== space && chunk[from] !== tab) this.#giveField();
    const lineEnd = chunk.indexOf(lf, from);
    const next = lineEnd === -1 ? chunk.length : lineEnd + 1;
    this.#append(chunk.subarray(from, next));
    if (this.#length === 2 && this.#endsLine) {
      this.#isBody = true;
      this.#check.endOfHeaders();
    }
    return next;
  }

  #append(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#field.length) {
      const room = Math.min(Math.max(length, 2 * this.#field.length), roomForField);
      this.#field = Buffer.concat([this.#field.subarray(0, this.#length)], room);
    }
    this.#field.set(bytes.subarray(0, roomForField - this.#length), this.#length);
    this.#length = Math.min(length, roomForField);
    if (this.#length === roomForField) this.#giveField();
  }

  get #endsLine(): boolean {
    return this.#length >= 2 && this.#field[this.#length - 2] === cr && this.#field[this.#length - 1] === lf;
  }

  #giveField(): void {
    const field = this.#field.subarray(0, this.#endsLine ? this.#length - 2 : this.#length);
    this.#length = 0;
    if (field.length === 0) return;
    const end = field.indexOf(colon);
    // Without a colon the line is no field; an empty name says so.
    if (end === -1) this.#check.header(new Uint8Array(), field);
    else this.#check.header(field.subarray(0, end), field.subarray(end + 1));
  }
}
