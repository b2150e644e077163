/** What a TLS client says first, as far as it decides where the connection goes. */
export type ClientHello =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'not-tls' }
  | { readonly kind: 'hello'; readonly protocols: readonly string[] };

const handshakeRecord = 22; // RFC 8446 §5.1 ContentType
const clientHelloMessage = 1; // RFC 8446 §4 HandshakeType
const alpnExtension = 16; // RFC 7301 §3.1
const maxRecordBytes = 16_384;

/** Reads the application protocols (ALPN) out of the first bytes of a connection. Never throws, never reads past them. */
export function parseClientHello(bytes: Uint8Array): ClientHello {
  const message = handshakeBytes(bytes);
  if (message === undefined) return { kind: 'not-tls' };
  if (message.length >= 1 && message[0] !== clientHelloMessage) return { kind: 'not-tls' };
  if (message.length < 4) return { kind: 'incomplete' };
  const bodyLength = message.readUIntBE(1, 3);
  if (message.length < 4 + bodyLength) return { kind: 'incomplete' };
  const protocols = protocolsOf(message.subarray(4, 4 + bodyLength));
  return protocols === undefined ? { kind: 'not-tls' } : { kind: 'hello', protocols };
}

/** The handshake message out of its records (a hello may be cut into several); undefined if they are of another kind. */
function handshakeBytes(bytes: Uint8Array): Buffer | undefined {
  const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fragments: Buffer[] = [];
  for (let at = 0; at < input.length;) {
    if (input[at] !== handshakeRecord || (input.length > at + 1 && input[at + 1] !== 3)) return undefined;
    if (input.length < at + 5) break;
    const length = input.readUInt16BE(at + 3);
    if (length === 0 || length > maxRecordBytes) return undefined;
    fragments.push(input.subarray(at + 5, at + 5 + length));
    at += 5 + length;
  }
  return Buffer.concat(fragments);
}

/** RFC 8446 §4.1.2: version, random, session id, cipher suites, compression methods, extensions. */
function protocolsOf(body: Buffer): readonly string[] | undefined {
  const reader = new Reader(body);
  reader.skip(2 + 32);
  reader.vector(1);
  reader.vector(2);
  reader.vector(1);
  if (reader.isAtEnd) return []; // TLS 1.2 without extensions
  const extensions = new Reader(reader.vector(2));
  let protocols: readonly string[] = [];
  while (!extensions.isAtEnd) {
    const type = extensions.uint16();
    const data = extensions.vector(2);
    if (type === alpnExtension) {
      const names = new Reader(new Reader(data).vector(2));
      const found: string[] = [];
      while (!names.isAtEnd) found.push(names.vector(1).toString('latin1'));
      protocols = found;
      if (names.isBroken) return undefined;
    }
    if (extensions.isBroken) return undefined;
  }
  return reader.isBroken ? undefined : protocols;
}

/** Takes values off the front of bytes; past the end everything is empty and the reader is broken. */
class Reader {
  #rest: Buffer;
  #broken = false;

  constructor(bytes: Buffer) {
    this.#rest = bytes;
  }

  get isAtEnd(): boolean {
    return this.#broken || this.#rest.length === 0;
  }

  get isBroken(): boolean {
    return this.#broken;
  }

  skip(length: number): void {
    this.#take(length);
  }

  uint16(): number {
    const bytes = this.#take(2);
    return bytes.length === 2 ? bytes.readUInt16BE() : 0;
  }

  /** A vector with its length in front (RFC 8446 §3.4). */
  vector(lengthBytes: 1 | 2): Buffer {
    const head = this.#take(lengthBytes);
    return head.length === lengthBytes ? this.#take(head.readUIntBE(0, lengthBytes)) : head;
  }

  #take(length: number): Buffer {
    if (this.#rest.length < length) {
      this.#broken = true;
      return Buffer.alloc(0);
    }
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }
}
