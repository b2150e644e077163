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

const [cr, lf, space, tab, colon] = [0x0d, 0x0a, 0x20, 0x09, 0x3a];

/** Splits the header into fields at every CRLF that no white space follows; the rest is the check's. */
class RawMessage implements MessageStream {
  readonly #check: MessageCheck;
  #field: Buffer = Buffer.alloc(1024);
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
    while (at < chunk.length && !this.#isBody && this.decided === undefined) {
      this.#take(chunk[at] ?? 0);
      at += 1;
    }
    if (this.#isBody && at < chunk.length) this.#check.body(chunk.subarray(at));
  }

  end(): Finding {
    // A message that ends inside its header has no body; the line at hand may lack its CRLF.
    if (!this.#isBody && this.decided === undefined) {
      if (this.#endsLine()) this.#length -= 2;
      if (this.#length > 0) this.#giveField();
    }
    return this.#check.end();
  }

  #take(byte: number): void {
    if (this.#endsLine() && byte !== space && byte !== tab) {
      this.#length -= 2;
      if (this.#length > 0) this.#giveField();
    }
    this.#append(byte);
    if (this.#length === 2 && this.#endsLine()) {
      this.#isBody = true;
      this.#check.endOfHeaders();
    }
  }

  #append(byte: number): void {
    // One byte too many is enough for the check to refuse the field.
    if (this.#length > maxHeaderFieldBytes + 1) return this.#giveField();
    if (this.#length === this.#field.length) this.#field = Buffer.concat([this.#field], this.#field.length * 2);
    this.#field[this.#length] = byte;
    this.#length += 1;
  }

  #endsLine(): boolean {
    return this.#length >= 2 && this.#field[this.#length - 2] === cr && this.#field[this.#length - 1] === lf;
  }

  #giveField(): void {
    const field = this.#field.subarray(0, this.#length);
    this.#length = 0;
    const end = field.indexOf(colon);
    // Without a colon the line is no field; an empty name says so.
    if (end === -1) this.#check.header(new Uint8Array(), field);
    else this.#check.header(field.subarray(0, end), field.subarray(end + 1));
  }
}
