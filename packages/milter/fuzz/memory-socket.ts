import { Duplex } from 'node:stream';

/** One end of a connection without a kernel in between: what of `net.Socket` a filter uses, and much faster. */
export class MemorySocket extends Duplex {
  readonly remoteAddress: string | undefined;
  #other: MemorySocket | undefined;
  /** The other end's write, which is done when this end wants more. */
  #written: (() => void) | undefined;

  private constructor(remoteAddress: string | undefined) {
    super({ allowHalfOpen: false });
    this.remoteAddress = remoteAddress;
  }

  /** @param remoteAddress of both; a unix socket has none. */
  static pair(remoteAddress: string | undefined): [MemorySocket, MemorySocket] {
    const [one, other] = [new MemorySocket(remoteAddress), new MemorySocket(remoteAddress)];
    one.#other = other;
    other.#other = one;
    return [one, other];
  }

  /** Nobody is silent for long here. */
  setTimeout(): this {
    return this;
  }

  destroySoon(): void {
    this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  override _read(): void {
    const written = this.#written;
    this.#written = undefined;
    written?.();
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error) => void): void {
    const other = this.#other;
    if (other === undefined || other.destroyed) return done(new Error('the other end is closed'));
    other.#written = done;
    other.push(chunk);
  }

  override _final(done: () => void): void {
    this.#hangUp();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#hangUp();
    const written = this.#written;
    this.#written = undefined;
    written?.();
    done(error);
  }

  #hangUp(): void {
    const other = this.#other;
    this.#other = undefined;
    if (other !== undefined && !other.destroyed) other.push(null);
  }
}
