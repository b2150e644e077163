import type { Clock } from '../src/clock.ts';
import type { Action } from '../src/edits.ts';
import type { MilterEvent } from '../src/milter-events.ts';
import type { MilterOptions } from '../src/options.ts';
import { compile } from '../src/program.ts';
import { MilterSession } from '../src/session.ts';
import { FrameDecoder } from '../src/wire/frames.ts';

/** Postfix's offer, as it is on the wire. postfix src/milter/milter8.c milter8_connect() */
export const postfixOffer: Buffer = Buffer.from('0000000d4f00000006000001ff001fffff', 'hex');

/** A clock that stands still until it is told. */
export class ManualClock implements Clock {
  #now = 0;
  readonly #timers = new Set<{ at: number; callback: () => void }>();

  now(): number {
    return this.#now;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.#now + delayMs, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  get timers(): number {
    return this.#timers.size;
  }

  pass(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const next = [...this.#timers].toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > end) break;
      this.#timers.delete(next);
      this.#now = next.at;
      next.callback();
    }
    this.#now = end;
  }
}

/** A session without a socket: bytes in, bytes out. */
export class SessionBench<A extends Action, C, M> {
  readonly clock: ManualClock = new ManualClock();
  readonly events: MilterEvent[] = [];
  readonly session: MilterSession<A, C, M>;
  readonly #decoder = new FrameDecoder(64);
  #sent: Buffer[] = [];

  constructor(options: Omit<MilterOptions<A, C, M>, 'name'>, transport: 'unix' | 'tcp' = 'unix') {
    this.session = new MilterSession({
      program: compile({ name: 'bench', onEvent: (event) => this.events.push(event), ...options }),
      id: 1,
      transport,
      output: { send: (frame) => this.#sent.push(Buffer.from(frame)), room: () => undefined },
      clock: this.clock,
    });
  }

  /** Gives bytes to the session, each frame when the one before is done with. */
  async write(...chunks: readonly Uint8Array[]): Promise<void> {
    for (const chunk of chunks) {
      for (const frame of this.#decoder.decode(Buffer.from(chunk))) {
        await this.session.receive(frame);
        this.#decoder.maxFrameBytes = this.session.agreement?.maxFrameBytes ?? 64;
      }
    }
  }

  /** What the session has sent since the last time. */
  take(): Buffer {
    const sent = Buffer.concat(this.#sent);
    this.#sent = [];
    return sent;
  }

  /** The same, as one readable word for each frame: `c`, `y550 5.7.1 no`. */
  takeText(): string[] {
    const decoder = new FrameDecoder(2 ** 24);
    return [...decoder.decode(this.take())].map((frame) => frame.toString('latin1').replaceAll('\0', '␀'));
  }
}

/** A session that has negotiated with Postfix. */
export async function negotiated<A extends Action, C, M>(
  options: Omit<MilterOptions<A, C, M>, 'name'>,
  transport: 'unix' | 'tcp' = 'unix',
): Promise<SessionBench<A, C, M>> {
  const bench = new SessionBench(options, transport);
  await bench.write(postfixOffer);
  bench.take();
  return bench;
}
