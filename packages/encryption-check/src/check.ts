import { EncryptedBody } from './encrypted-body.ts';
import { cleartext } from './finding.ts';
import type { CleartextFinding, Finding } from './finding.ts';
import type { Folds } from './mime/field.ts';
import { MessageHeader } from './mime/header.ts';
import type { Direction } from './mime/part-rules.ts';
import type { CleartextReason } from './reasons.ts';
import { SecureJoinBody } from './secure-join-body.ts';

/** How a message is to be judged. */
export interface CheckOptions {
  /**
   * `outgoing`: from one of your users, as strict as can be. `incoming`: from the world; also knows bounces, and lets pass
   * what other mail programs add without telling anything: a `Version:` armor line, a fixed preamble, part labels.
   */
  readonly direction: Direction;
  /** Messages of more bytes are cleartext (`too-large`). Default: no limit; the check's own memory does not grow. */
  readonly maxBytes?: number;
}

/** One message under examination: header fields, end of headers, body chunks, end. Never throws, whatever the bytes. */
export interface Check {
  /**
   * One header field as a milter shows it: the name, and the value as it came, its folds CRLF or LF followed by white
   * space. White space after the colon may be there or not.
   */
  header(name: Uint8Array, value: Uint8Array): void;
  endOfHeaders(): void;
  /** Body bytes after the empty line that ends the headers, cut anywhere. */
  body(chunk: Uint8Array): void;
  /** Set as soon as the bytes so far make the message cleartext, whatever may follow. */
  readonly decided: CleartextFinding | undefined;
  /** The finding. Without {@link endOfHeaders} before it, the body counts as empty. */
  end(): Finding;
}

/** Starts the check of one message. It holds a few KB, for any size of message. */
export function createCheck(options: CheckOptions): Check {
  return new MessageCheck(options, 'crlf-or-lf');
}

type Body = { readonly kind: 'encrypted'; readonly body: EncryptedBody } | SecureJoin | { readonly kind: 'bounce' };

interface SecureJoin {
  readonly kind: 'secure-join';
  readonly request: 'vc-request' | 'vg-request';
  readonly body: SecureJoinBody;
}

export class MessageCheck implements Check {
  readonly #direction: Direction;
  readonly #maxBytes: number;
  readonly #header: MessageHeader;
  #body: Body | undefined;
  #bytes = 0;
  #decided: CleartextFinding | undefined;

  constructor(options: CheckOptions, folds: Folds) {
    this.#direction = options.direction;
    this.#maxBytes = options.maxBytes ?? Number.POSITIVE_INFINITY;
    this.#header = new MessageHeader(options.direction, folds);
  }

  get decided(): CleartextFinding | undefined {
    return this.#decided;
  }

  header(name: Uint8Array, value: Uint8Array): void {
    if (this.#decided !== undefined) return;
    const offset = this.#bytes;
    const reason = this.#body === undefined ? this.#header.take(name, value) : 'header-malformed';
    if (reason === undefined) this.#count(name.length + value.length + 3);
    else this.#decide(reason, offset);
  }

  endOfHeaders(): void {
    if (this.#decided !== undefined || this.#body !== undefined) return;
    const shape = this.#header.shape();
    switch (shape.kind) {
      case 'cleartext':
        return this.#decide(shape.reason, this.#bytes);
      case 'encrypted':
        this.#body = { kind: 'encrypted', body: new EncryptedBody(shape.boundary, this.#direction) };
        break;
      case 'secure-join': {
        const { boundary, request } = shape;
        this.#body = { kind: 'secure-join', request, body: new SecureJoinBody(boundary, request, this.#direction) };
        break;
      }
      case 'bounce':
        this.#body = { kind: 'bounce' };
    }
    this.#count(2);
  }

  body(chunk: Uint8Array): void {
    if (this.#decided !== undefined) return;
    if (this.#body === undefined) this.endOfHeaders();
    const offset = this.#bytes;
    this.#count(chunk.length);
    if (this.#body === undefined || this.#body.kind === 'bounce' || this.#decided !== undefined) return;
    this.#body.body.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length), offset);
    const { problem } = this.#body.body;
    if (problem !== undefined) this.#decided = cleartext(problem);
  }

  end(): Finding {
    if (this.#body === undefined) this.endOfHeaders();
    if (this.#decided !== undefined) return this.#decided;
    const finding = this.#finding();
    if (finding.kind === 'cleartext') this.#decided = finding;
    return finding;
  }

  #finding(): Finding {
    if (this.#body === undefined) return cleartext({ reason: 'content-type-missing', offset: this.#bytes });
    switch (this.#body.kind) {
      case 'encrypted': {
        const end = this.#body.body.end(this.#bytes);
        return 'reason' in end ? cleartext(end) : { kind: 'encrypted', ...end, bytes: this.#bytes };
      }
      case 'secure-join': {
        const problem = this.#body.body.end(this.#bytes);
        return problem === undefined
          ? { kind: 'secure-join-request', request: this.#body.request }
          : cleartext(problem);
      }
      case 'bounce':
        return { kind: 'bounce' };
    }
    return this.#body satisfies never;
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.#maxBytes) this.#decide('too-large', this.#maxBytes);
  }

  #decide(reason: CleartextReason, offset: number): void {
    this.#decided ??= cleartext({ reason, offset });
  }
}
