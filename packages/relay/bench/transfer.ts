const end = Buffer.from('\r\n.\r\n'); // RFC 5321 §4.1.1.4
const emptyLine = '\r\n\r\n';

export interface Arrived {
  /** The whole header with its empty line, once. */
  readonly header: Buffer | undefined;
  /** Of the body, as it came: dots are still doubled. */
  readonly body: Buffer;
  /** The last dot was there; it belongs to none of both. */
  readonly isComplete: boolean;
}

/** Takes what follows DATA apart, piece by piece. */
export class Transfer {
  #held: Buffer = Buffer.alloc(0);
  #isHeader = true;

  push(chunk: Buffer): Arrived {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const endsAt = bytes.indexOf(end);
    const isComplete = endsAt !== -1;
    const content = bytes.subarray(0, isComplete ? endsAt + 2 : bytes.length - beginningOfEnd(bytes));
    this.#held = bytes.subarray(content.length);
    if (!this.#isHeader) return { header: undefined, body: content, isComplete };
    const found = content.indexOf(emptyLine);
    if (found === -1 && !isComplete) {
      this.#held = bytes;
      return { header: undefined, body: content.subarray(0, 0), isComplete };
    }
    this.#isHeader = false;
    const bodyAt = found === -1 ? content.length : found + emptyLine.length;
    return { header: content.subarray(0, bodyAt), body: content.subarray(bodyAt), isComplete };
  }
}

/** How many of the last octets may turn out to be the end: no line's start is ever cut off from the line end before. */
function beginningOfEnd(bytes: Buffer): number {
  for (let length = end.length - 1; length > 0; length -= 1) {
    if (bytes.subarray(-length).equals(end.subarray(0, length))) return length;
  }
  return 0;
}
