/** Where the SMTP client is. */
export type Peer =
  | { readonly family: 'unknown' }
  | { readonly family: 'unix'; readonly path: string }
  | { readonly family: 'ipv4' | 'ipv6'; readonly address: string; readonly port: number };

/** An SMTP client has connected. */
export class ConnectEvent {
  readonly kind = 'connect';
  readonly rawHostname: Uint8Array;
  readonly peer: Peer;

  constructor(rawHostname: Uint8Array, peer: Peer) {
    this.rawHostname = rawHostname;
    this.peer = peer;
  }

  /** The verified name of the client, or its address in brackets when there is none. */
  get hostname(): string {
    return decode(this.rawHostname);
  }
}

/** The client has said `HELO` or `EHLO`; after STARTTLS it does so again. */
export class HeloEvent {
  readonly kind = 'helo';
  readonly rawName: Uint8Array;

  constructor(rawName: Uint8Array) {
    this.rawName = rawName;
  }

  get name(): string {
    return decode(this.rawName);
  }
}

/** `MAIL FROM`. */
export class MailEvent {
  readonly kind = 'mail';
  /** As it came: normally in angle brackets, but mail that did not come by SMTP has none. */
  readonly raw: Uint8Array;
  readonly rawParameters: readonly Uint8Array[];

  constructor(raw: Uint8Array, rawParameters: readonly Uint8Array[]) {
    this.raw = raw;
    this.rawParameters = rawParameters;
  }

  /** The sender without angle brackets; empty for the null sender. Source routes and quotes stay as they were typed. */
  get from(): string {
    return withoutBrackets(decode(this.raw));
  }

  /** ESMTP parameters as typed: `SIZE=100`, `BODY=8BITMIME`. */
  get parameters(): string[] {
    return this.rawParameters.map(decode);
  }
}

/** `RCPT TO`. */
export class RcptEvent {
  readonly kind = 'rcpt';
  /** As it came: normally in angle brackets, but mail that did not come by SMTP has none. */
  readonly raw: Uint8Array;
  readonly rawParameters: readonly Uint8Array[];

  constructor(raw: Uint8Array, rawParameters: readonly Uint8Array[]) {
    this.raw = raw;
    this.rawParameters = rawParameters;
  }

  /** The recipient without angle brackets. Source routes and quotes stay as they were typed. */
  get to(): string {
    return withoutBrackets(decode(this.raw));
  }

  /** ESMTP parameters as typed: `NOTIFY=NEVER`. */
  get parameters(): string[] {
    return this.rawParameters.map(decode);
  }
}

/** `DATA`, or the first `BDAT`; the client has not sent anything of the message yet. */
export class DataEvent {
  readonly kind = 'data';
}

/** A command that the mail server does not know. Postfix before 3.8 gives its verb only. */
export class UnknownEvent {
  readonly kind = 'unknown';
  readonly raw: Uint8Array;

  constructor(raw: Uint8Array) {
    this.raw = raw;
  }

  get line(): string {
    return decode(this.raw);
  }
}

/** One header field of the message. The header fields of MIME parts are body. */
export class HeaderEvent {
  readonly kind = 'header';
  readonly rawName: Uint8Array;
  /** Without the space after the colon, unless `leadingSpace` is set; a fold is LF and white space. */
  readonly rawValue: Uint8Array;

  constructor(rawName: Uint8Array, rawValue: Uint8Array) {
    this.rawName = rawName;
    this.rawValue = rawValue;
  }

  get name(): string {
    return decode(this.rawName);
  }

  get value(): string {
    return decode(this.rawValue);
  }
}

/** The header block is complete. */
export class EndOfHeadersEvent {
  readonly kind = 'endOfHeaders';
}

/** A piece of the body; its borders mean nothing. Internal: handlers get the bytes. */
export class BodyEvent {
  readonly kind = 'body';
  readonly chunk: Uint8Array;

  constructor(chunk: Uint8Array) {
    this.chunk = chunk;
  }
}

/** The message is complete; its fate is decided now. */
export class EndOfMessageEvent {
  readonly kind = 'endOfMessage';
  /** libmilter allows the last piece of the body in this packet: it has gone to the body handler already. */
  readonly #lastChunk: Uint8Array;

  constructor(lastChunk: Uint8Array = noBytes) {
    this.#lastChunk = lastChunk;
  }

  /** Internal. */
  static lastChunk(event: EndOfMessageEvent): Uint8Array {
    return event.#lastChunk;
  }
}

const noBytes = new Uint8Array(0);
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** UTF-8, with U+FFFD for what is not: two different byte strings may read the same, so compare the raw ones. */
function decode(bytes: Uint8Array): string {
  return utf8.decode(bytes);
}

function withoutBrackets(address: string): string {
  return address.startsWith('<') && address.endsWith('>') ? address.slice(1, -1) : address;
}
