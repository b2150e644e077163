import { connect, type NetConnectOpts, type Socket } from 'node:net';

/** Where the filter listens. */
export type FilterAddress = { readonly path: string } | { readonly host?: string; readonly port: number };

/** The filter did not answer, or closed the connection where an answer was due. */
export class FilterGoneError extends Error {
  override readonly name = 'FilterGoneError';
}

/** Frames to a filter and back, with a deadline for each. */
export class WireConnection {
  readonly #socket: Socket;
  readonly #timeoutMs: number;
  #received: Buffer = Buffer.alloc(0);
  #isClosed = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket, timeoutMs: number) {
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    socket.on('close', () => {
      this.#isClosed = true;
      this.#wake();
    });
    socket.on('error', () => {}); // 'close' follows
  }

  static async open(address: FilterAddress, timeoutMs: number): Promise<WireConnection> {
    const options: NetConnectOpts =
      'path' in address ? { path: address.path } : { host: address.host ?? '127.0.0.1', port: address.port };
    const socket = connect(options);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new WireConnection(socket, timeoutMs);
  }

  /** Sends bytes as they are: also ones that are no frames. */
  send(...parts: readonly Uint8Array[]): void {
    this.#socket.write(Buffer.concat(parts));
  }

  /** The next frame, without its length field. @throws FilterGoneError */
  async receive(): Promise<Buffer> {
    for (;;) {
      const frame = this.#takeFrame();
      if (frame !== undefined) return frame;
      if (this.#isClosed) throw new FilterGoneError('the filter closed the connection');
      await this.#change('the filter did not answer');
    }
  }

  /** Everything that comes until the filter closes. */
  async receiveToEnd(): Promise<Buffer> {
    while (!this.#isClosed) await this.#change('the filter did not close the connection');
    return this.#received;
  }

  /** Whether a whole frame is there that nobody has read. */
  get hasFrame(): boolean {
    return this.#received.length >= 4 && this.#received.length >= 4 + this.#received.readUInt32BE();
  }

  /** Closes as after QUIT: what was sent still arrives. */
  async end(): Promise<void> {
    this.#socket.end();
    while (!this.#isClosed) await this.#change('the filter did not close the connection');
  }

  /** Is gone from one moment to the next, as after a crash. */
  destroy(): void {
    this.#socket.destroy();
  }

  /** Is gone with a TCP reset. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  /** Stops reading. */
  pause(): void {
    this.#socket.pause();
  }

  #takeFrame(): Buffer | undefined {
    if (!this.hasFrame) return undefined;
    const end = 4 + this.#received.readUInt32BE();
    const frame = this.#received.subarray(4, end);
    this.#received = this.#received.subarray(end);
    return frame;
  }

  async #change(complaint: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new FilterGoneError(`${complaint} within ${this.#timeoutMs} ms`)),
        this.#timeoutMs,
      );
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
