import type { Duplex } from 'node:stream';
import type { Clock } from './clock.ts';
import type { Action } from './edits.ts';
import { MilterProtocolError } from './errors.ts';
import { maxLookAheadBytes, maxOfferBytes, maxUnsentBytes } from './limits.ts';
import type { MilterEvent, Stranger } from './milter-events.ts';
import type { Program } from './program.ts';
import { MilterSession } from './session.ts';
import { Command } from './wire/constants.ts';
import { FrameDecoder } from './wire/frames.ts';

/** What is used of a socket. */
export interface ConnectionSocket extends Duplex {
  readonly remoteAddress?: string | undefined;
  setTimeout(timeoutMs: number): unknown;
  destroySoon(): void;
}

/** Joins one socket with one session: bytes to frames, back-pressure both ways, deadlines, and the end. */
export class MilterConnection<A extends Action, C, M> {
  /** Resolves when the socket is closed and the session has ended. */
  readonly closed: Promise<void>;
  readonly #id: number;
  readonly #socket: ConnectionSocket;
  readonly #program: Program<A, C, M>;
  readonly #session: MilterSession<A, C, M>;
  readonly #decoder: FrameDecoder = new FrameDecoder(maxOfferBytes);
  /** Frames that came while a handler was at work. */
  #ahead: Buffer[] = [];
  #aheadBytes = 0;
  #isBusy = false;
  #isCorked = false;
  #isClosing = false;
  #isOver = false;
  #isReported = false;
  #firstBytes: Buffer | undefined;

  constructor(options: { id: number; socket: ConnectionSocket; program: Program<A, C, M>; clock: Clock }) {
    const { id, socket, program, clock } = options;
    this.#id = id;
    this.#socket = socket;
    this.#program = program;
    this.#session = new MilterSession({
      program,
      id,
      transport: socket.remoteAddress === undefined ? 'unix' : 'tcp',
      output: { send: (frame) => this.#send(frame), room: () => this.#room() },
      clock,
    });
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#finish();
        resolve();
      });
    });
    socket.setTimeout(program.limits.handshakeTimeoutMs);
    socket.on('timeout', () => this.#timeout());
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    // The mail server is gone, whether it has said QUIT or not; Postfix often has not.
    socket.on('end', () => this.#end());
    socket.on('error', (error) => this.#refuseFurther(error));
  }

  /** Answers what is owed with a temporary failure, then closes. */
  cut(): void {
    this.#isClosing = true;
    this.#session.drain();
    if (!this.#isBusy) this.#close();
  }

  /** Closes without another word. */
  destroy(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    if (this.#isOver) return;
    if (this.#session.agreement === undefined) this.#firstBytes ??= chunk.subarray(0, 8);
    try {
      for (const frame of this.#decoder.decode(chunk)) {
        if (this.#isOver) return;
        if (this.#isBusy) this.#keep(frame);
        else this.#process(frame);
      }
    } catch (error) {
      this.#refuse(error);
    }
  }

  #keep(frame: Buffer): void {
    this.#ahead.push(frame);
    this.#aheadBytes += frame.length;
    const code = frame[0];
    if (code === Command.abort) this.#session.interrupt('message');
    if (code === Command.quit || code === Command.quitNewConnection) this.#session.interrupt('connection');
    if (this.#aheadBytes > maxLookAheadBytes) this.#socket.pause();
  }

  #process(frame: Buffer): void {
    this.#program.onFrame?.('in', frame, this.#id);
    const isNegotiating = this.#session.agreement === undefined;
    const received = this.#session.receive(frame);
    if (isNegotiating) this.#negotiated();
    if (received === 'quit') return this.#leave();
    const room = received instanceof Promise ? received.then(() => this.#room()) : this.#room();
    if (room === undefined) return;
    this.#isBusy = true;
    room.then(
      () => this.#goOn(),
      (error: unknown) => this.#refuse(error),
    );
  }

  #negotiated(): void {
    const { agreement } = this.#session;
    if (agreement === undefined) return;
    this.#decoder.maxFrameBytes = agreement.maxFrameBytes;
    this.#socket.setTimeout(this.#program.limits.idleTimeoutMs);
    this.#firstBytes = undefined;
  }

  /** Works off what has come meanwhile. */
  #goOn(): void {
    this.#isBusy = false;
    if (this.#isOver) return;
    try {
      const frames = this.#ahead;
      this.#ahead = [];
      this.#aheadBytes = 0;
      for (const frame of frames) {
        if (this.#isOver) return;
        if (this.#isBusy) this.#keep(frame);
        else this.#process(frame);
      }
      if (this.#isBusy) return;
      if (this.#isClosing) return this.#close();
      // The timer may have run out during the handler's work.
      this.#socket.setTimeout(this.#program.limits.idleTimeoutMs);
      this.#socket.resume();
    } catch (error) {
      this.#refuse(error);
    }
  }

  #send(frame: Uint8Array): void {
    if (this.#isOver) return;
    this.#program.onFrame?.('out', frame.subarray(4), this.#id);
    if (!this.#isCorked) this.#cork();
    this.#socket.write(frame);
  }

  /** Edits and their verdict, or answers to events that came together, leave in one piece: each would wake the mail server. */
  #cork(): void {
    this.#isCorked = true;
    this.#socket.cork();
    process.nextTick(() => this.#uncork());
  }

  #uncork(): void {
    if (!this.#isCorked) return;
    this.#isCorked = false;
    this.#socket.uncork();
  }

  #room(): Promise<void> | undefined {
    const socket = this.#socket;
    if (socket.writableLength <= maxUnsentBytes || socket.destroyed) return undefined;
    return new Promise((resolve) => {
      const { writeTimeoutMs } = this.#program.limits;
      const timer = setTimeout(() => {
        this.#fail(`the peer did not read our answers for ${writeTimeoutMs} ms`);
      }, writeTimeoutMs);
      const done = (): void => {
        clearTimeout(timer);
        socket.off('drain', done);
        socket.off('close', done);
        resolve();
      };
      socket.on('drain', done);
      socket.on('close', done);
      // Corked, nothing would leave, and the drain would not come.
      this.#uncork();
    });
  }

  #end(): void {
    this.#isOver = true;
    this.#session.interrupt('connection');
  }

  #timeout(): void {
    if (this.#isOver) return void this.#socket.destroy();
    if (this.#isBusy) return; // the handler has a deadline of its own
    const phase = this.#session.agreement === undefined ? 'handshakeTimeoutMs' : 'idleTimeoutMs';
    this.#fail(`the peer was silent for longer than ${phase}, ${this.#program.limits[phase]} ms`);
  }

  #refuse(error: unknown): void {
    if (this.#isOver) return;
    if (!(error instanceof MilterProtocolError)) {
      this.#fail(error instanceof Error ? error.message : String(error));
      return;
    }
    if (this.#firstBytes !== undefined && error.code !== 'action-not-offered' && error.code !== 'version-too-old') {
      this.#report({ kind: 'connection.stranger', connection: this.#id, looksLike: strangerOf(this.#firstBytes) });
    } else {
      this.#report({ kind: 'connection.refused', connection: this.#id, code: error.code, reason: error.message });
    }
    this.#close();
  }

  #refuseFurther(error: Error): void {
    if (!this.#isOver && this.#session.agreement !== undefined) this.#fail(error.message);
  }

  #fail(reason: string): void {
    this.#report({ kind: 'connection.failed', connection: this.#id, reason });
    this.#isOver = true;
    this.#socket.destroy();
  }

  /** The peer has said goodbye and reads no more: what it was told is with it already, so nothing has to be waited for. */
  #leave(): void {
    this.#uncork();
    if (this.#socket.writableLength > 0) return this.#close();
    this.#isOver = true;
    this.#session.end();
    this.#socket.destroy();
  }

  #close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#ahead = [];
    this.#socket.setTimeout(this.#program.limits.writeTimeoutMs);
    this.#socket.destroySoon();
    this.#session.end();
  }

  #finish(): void {
    this.#isOver = true;
    this.#ahead = [];
    this.#session.end();
    const { agreement, messages } = this.#session;
    if (agreement !== undefined) {
      this.#report({ kind: 'connection.closed', connection: this.#id, messages });
    } else if (!this.#isReported) {
      this.#report({ kind: 'connection.stranger', connection: this.#id, looksLike: strangerOf(this.#firstBytes) });
    }
  }

  #report(event: MilterEvent): void {
    this.#isReported = true;
    this.#program.onEvent?.(event);
  }
}

/** A guess, for the log, at who knocked. */
function strangerOf(firstBytes: Buffer | undefined): Stranger {
  if (firstBytes === undefined || firstBytes.length === 0) return 'a health check';
  if (firstBytes[0] === 0x16 && firstBytes[1] === 0x03) return 'TLS'; // RFC 8446 §5.1: a handshake record
  return /^[A-Z]{3,7} ?\/?/.test(firstBytes.toString('latin1')) ? 'HTTP' : 'something else';
}
