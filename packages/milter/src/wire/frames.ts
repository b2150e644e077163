import { MilterProtocolError } from '../errors.ts';

const lengthBytes = 4;

/**
 * Takes a byte stream apart into frames: `uint32 length, length octets`, the first of which is the command.
 *
 * A frame inside one chunk is a view onto it; only a frame that spans chunks is copied, once, into a buffer of its
 * announced length, which is checked first. So a stream that drips byte by byte costs no more than its size.
 */
export class FrameDecoder {
  /** The longest frame to take, counted without its length field. May be raised between two frames. */
  maxFrameBytes: number;
  #length = 0;
  #lengthBytesSeen = 0;
  #partial: Buffer | undefined;
  #filled = 0;

  constructor(maxFrameBytes: number) {
    this.maxFrameBytes = maxFrameBytes;
  }

  /** Whether the stream stands inside a frame: an end of stream here cuts it off. */
  get isMidFrame(): boolean {
    return this.#lengthBytesSeen > 0;
  }

  /**
   * Yields the frames that end in this chunk. Has to be consumed to its end before the next call.
   *
   * @throws MilterProtocolError `frame-empty` or `frame-too-long`; the stream is of no use after that.
   */
  *decode(chunk: Buffer): Generator<Buffer, void, void> {
    let at = 0;
    while (at < chunk.length) {
      if (this.#lengthBytesSeen < lengthBytes) {
        at = this.#readLength(chunk, at);
        if (this.#lengthBytesSeen < lengthBytes) return;
      }
      const available = chunk.length - at;
      const missing = this.#length - this.#filled;
      if (this.#partial === undefined && available >= missing) {
        const frame = chunk.subarray(at, at + missing);
        at += missing;
        this.#reset();
        yield frame;
        continue;
      }
      if (available === 0) return;
      this.#partial ??= Buffer.allocUnsafeSlow(this.#length);
      const taken = Math.min(available, missing);
      chunk.copy(this.#partial, this.#filled, at, at + taken);
      this.#filled += taken;
      at += taken;
      if (this.#filled < this.#length) return;
      const frame = this.#partial;
      this.#reset();
      yield frame;
    }
  }

  #readLength(chunk: Buffer, start: number): number {
    let at = start;
    if (this.#lengthBytesSeen === 0 && chunk.length - at >= lengthBytes) {
      this.#length = chunk.readUInt32BE(at);
      this.#lengthBytesSeen = lengthBytes;
      at += lengthBytes;
    }
    while (this.#lengthBytesSeen < lengthBytes && at < chunk.length) {
      this.#length = ((this.#length << 8) | chunk.readUInt8(at)) >>> 0;
      this.#lengthBytesSeen += 1;
      at += 1;
    }
    if (this.#lengthBytesSeen === lengthBytes) this.#checkLength();
    return at;
  }

  #checkLength(): void {
    if (this.#length === 0) throw new MilterProtocolError('frame-empty', 'a frame of 0 bytes has no command');
    if (this.#length > this.maxFrameBytes) {
      throw new MilterProtocolError(
        'frame-too-long',
        `a frame announces ${this.#length} bytes; at most ${this.maxFrameBytes} bytes are taken`,
      );
    }
  }

  #reset(): void {
    this.#length = 0;
    this.#lengthBytesSeen = 0;
    this.#partial = undefined;
    this.#filled = 0;
  }
}

/** Makes one frame of a command octet and the parts of its payload. */
export function encodeFrame(code: number, ...parts: readonly Uint8Array[]): Buffer {
  const payloadBytes = parts.reduce((sum, part) => sum + part.length, 0);
  const frame = Buffer.allocUnsafe(lengthBytes + 1 + payloadBytes);
  frame.writeUInt32BE(1 + payloadBytes, 0);
  frame.writeUInt8(code, lengthBytes);
  let at = lengthBytes + 1;
  for (const part of parts) {
    frame.set(part, at);
    at += part.length;
  }
  return frame;
}

/** A C string: the bytes and a NUL. The caller has made sure that there is no NUL inside. */
export function encodeString(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([bytes, Buffer.alloc(1)], bytes.length + 1);
}

export function encodeUint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
