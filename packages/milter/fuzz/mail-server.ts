import { connect, type Socket } from 'node:net';
import { frame, uint32 } from '../src/testing/codec.ts';
import { AnswerOracle } from './answers.ts';
import type { FuzzedConversation } from './conversations.ts';

const offer = frame('O', uint32(6, 0x1ff, 0x1f_ffff));

/** Plays a conversation to its end. @throws Error when the filter breaks one of the rules. */
export async function talk(path: string, conversation: FuzzedConversation): Promise<void> {
  const peer = new Peer(connect(path));
  let owed = Infinity;
  try {
    if (conversation.negotiates) await peer.negotiate();
    if (conversation.isPolite && conversation.negotiates) await politely(peer, conversation);
    else owed = await atOnce(peer, conversation);
  } finally {
    await peer.leave(conversation.resets);
  }
  peer.oracle.end();
  if (peer.oracle.finals > owed) throw new Error(`${owed} answers are owed, ${peer.oracle.finals} came`);
}

/** As a mail server does it: exactly one answer to what is answered, none to anything else, none after QUIT. */
async function politely(peer: Peer, { frames }: FuzzedConversation): Promise<void> {
  let owed = 0;
  for (const { bytes, command } of frames) {
    peer.write(bytes);
    if (command === undefined) return; // from here on there is no telling
    if (!peer.oracle.isAnswered(command)) continue;
    owed += 1;
    await peer.answered(owed);
    if (peer.oracle.finals !== owed) {
      throw new Error(`${owed} answers are owed after ${command}, ${peer.oracle.finals} came`);
    }
  }
  await peer.probe(owed);
}

/**
 * Without waiting: what ABORT or a new connection overtakes may stay without an answer, but nothing has two.
 *
 * @returns how many answers there may be at the most.
 */
async function atOnce(peer: Peer, { frames, cut, negotiates }: FuzzedConversation): Promise<number> {
  const stream = Buffer.concat(frames.map(({ bytes }) => bytes));
  peer.write(stream.subarray(0, cut));
  peer.write(stream.subarray(cut));
  if (!negotiates || frames.some(({ command }) => command === undefined)) return Infinity;
  const owed = frames.filter(({ command }) => command !== undefined && peer.oracle.isAnswered(command)).length;
  if (frames.some(({ command }) => command === 'A' || command === 'K')) return owed;
  await peer.probe(owed);
  return owed + 1;
}

/** One end of a socket, whose other end is the filter. */
class Peer {
  readonly oracle = new AnswerOracle();
  readonly #socket: Socket;
  readonly #closed: Promise<void>;
  #isClosed = false;
  #failure: unknown;
  #wake: () => void = () => {};

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      try {
        this.oracle.take(chunk);
      } catch (error) {
        this.#failure ??= error;
      }
      this.#wake();
    });
    socket.on('error', () => {}); // the filter may have closed before all was sent
    this.#closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#isClosed = true;
        this.#wake();
        resolve();
      });
    });
  }

  write(bytes: Buffer): void {
    if (bytes.length > 0) this.#socket.write(bytes);
  }

  async negotiate(): Promise<void> {
    this.write(offer);
    await this.#until(() => this.oracle.hasNegotiated);
  }

  /** Waits for that many answers. */
  async answered(count: number): Promise<void> {
    await this.#until(() => this.oracle.finals >= count);
  }

  /** One more end of a message brings one more answer: so many were owed before, and so many came. */
  async probe(owed: number): Promise<void> {
    this.write(frame('E'));
    await this.answered(owed + 1);
    this.write(frame('Q'));
    await this.#closed;
    this.#check();
    if (this.oracle.finals !== owed + 1) throw new Error(`${owed + 1} answers are owed, ${this.oracle.finals} came`);
  }

  async leave(resets: boolean): Promise<void> {
    if (resets) this.#socket.destroySoon();
    else this.#socket.end();
    await this.#closed;
    this.#check();
  }

  async #until(isThere: () => boolean): Promise<void> {
    while (!isThere()) {
      this.#check();
      if (this.#isClosed) throw new Error('the filter closed while an answer was owed');
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    this.#check();
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}
