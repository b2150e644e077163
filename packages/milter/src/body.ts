import { checkObserved } from './observed.ts';
import type { BodyHandler, MessageContext } from './handlers.ts';
import { after, type Eventual } from './eventual.ts';
import { type BodyVerdict, type MessageVerdict, skip } from './verdicts.ts';

/** Takes the body of one message, in the way its handler wants it. */
export interface BodySink {
  /** One piece. A promise holds up the next. */
  chunk(bytes: Uint8Array): Eventual<BodyVerdict | undefined | void>;
  /** The body is complete. */
  end(): Eventual<MessageVerdict | undefined | void>;
}

/** Makes what takes one message's body. */
export function bodySink<C, M>(handler: BodyHandler<C, M>, context: MessageContext<C, M>): BodySink {
  if (typeof handler === 'function') return { chunk: (bytes) => handler(bytes, context), end: () => undefined };
  if ('observe' in handler) {
    return { chunk: (bytes) => after(handler.observe(bytes, context), checkObserved), end: () => undefined };
  }
  switch (handler.mode) {
    case 'prefix':
      return new PrefixSink(handler.bytes, (bytes) => handler.handler(bytes, context));
    case 'whole':
      return new WholeSink(handler.maxBytes, handler.overflow, (bytes) => handler.handler(bytes, context));
    case 'stream':
      return new StreamSink((chunks) => handler.handler(chunks, context), context.signal);
  }
}

class PrefixSink implements BodySink {
  readonly #wantedBytes: number;
  readonly #handle: (bytes: Uint8Array) => Eventual<MessageVerdict | undefined | void>;
  #chunks: Uint8Array[] | undefined = [];
  #bytes = 0;

  constructor(wantedBytes: number, handle: (bytes: Uint8Array) => Eventual<MessageVerdict | undefined | void>) {
    this.#wantedBytes = wantedBytes;
    this.#handle = handle;
  }

  chunk(bytes: Uint8Array): Eventual<BodyVerdict | undefined> {
    if (this.#chunks === undefined) return skip;
    this.#chunks.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes < this.#wantedBytes) return undefined;
    return after(this.#deliver(), (verdict) => verdict ?? skip);
  }

  end(): Eventual<MessageVerdict | undefined | void> {
    return this.#chunks === undefined ? undefined : this.#deliver();
  }

  #deliver(): Eventual<MessageVerdict | undefined | void> {
    const prefix = Buffer.concat(this.#chunks ?? [], Math.min(this.#bytes, this.#wantedBytes));
    this.#chunks = undefined;
    return this.#handle(prefix);
  }
}

class WholeSink implements BodySink {
  readonly #maxBytes: number;
  readonly #overflow: MessageVerdict;
  readonly #handle: (bytes: Uint8Array) => Eventual<MessageVerdict | undefined | void>;
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  constructor(
    maxBytes: number,
    overflow: MessageVerdict,
    handle: (bytes: Uint8Array) => Eventual<MessageVerdict | undefined | void>,
  ) {
    this.#maxBytes = maxBytes;
    this.#overflow = overflow;
    this.#handle = handle;
  }

  chunk(bytes: Uint8Array): undefined {
    this.#bytes += bytes.length;
    if (this.#bytes > this.#maxBytes) this.#chunks = [];
    else this.#chunks.push(bytes);
  }

  end(): Eventual<MessageVerdict | undefined | void> {
    return this.#bytes > this.#maxBytes ? this.#overflow : this.#handle(Buffer.concat(this.#chunks));
  }
}

/** Hands chunks over to an iterating consumer, one at a time: the next is taken only when the last was used up. */
class StreamSink implements BodySink {
  readonly #consume: (chunks: AsyncIterable<Uint8Array>) => Eventual<void>;
  readonly #signal: AbortSignal;
  #consumer: Promise<void> | undefined;
  #isFinished = false;
  #chunk: Uint8Array | undefined;
  #isEnded = false;
  #wakeReader: (() => void) | undefined;
  #wakeWriter: (() => void) | undefined;

  constructor(consume: (chunks: AsyncIterable<Uint8Array>) => Eventual<void>, signal: AbortSignal) {
    this.#consume = consume;
    this.#signal = signal;
  }

  async chunk(bytes: Uint8Array): Promise<BodyVerdict | undefined> {
    const consumer = this.#start();
    if (this.#isFinished) {
      await consumer; // rethrows its failure
      return skip;
    }
    this.#chunk = bytes;
    this.#wakeReader?.();
    const taken = new Promise<void>((resolve) => {
      this.#wakeWriter = resolve;
    });
    await Promise.race([taken, consumer]);
    return this.#isFinished ? skip : undefined;
  }

  async end(): Promise<undefined> {
    const consumer = this.#start();
    this.#isEnded = true;
    this.#wakeReader?.();
    await consumer;
  }

  #start(): Promise<void> {
    if (this.#consumer === undefined) {
      this.#signal.addEventListener('abort', () => this.#wakeReader?.(), { once: true });
      this.#consumer = (async () => this.#consume(this.#read()))().finally(() => {
        this.#isFinished = true;
      });
      // Its failure is thrown at the next chunk or at the end, whichever comes.
      this.#consumer.catch(() => {});
    }
    return this.#consumer;
  }

  async *#read(): AsyncGenerator<Uint8Array, void, void> {
    for (;;) {
      this.#signal.throwIfAborted();
      if (this.#chunk !== undefined) {
        const chunk = this.#chunk;
        this.#chunk = undefined;
        yield chunk;
        this.#wakeWriter?.();
      } else if (this.#isEnded) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wakeReader = resolve;
        });
      }
    }
  }
}
