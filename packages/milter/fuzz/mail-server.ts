import type { Duplex } from 'node:stream';
import { frame } from '../src/testing/codec.ts';
import { AnswerOracle } from './answers.ts';
import type { FuzzedConversation } from './conversations.ts';

/** What a mail server holds in its hands. */
export type MailServerSocket = Duplex & { destroySoon(): void };

/** Plays a conversation to its end. @throws Error when the filter breaks one of the rules. */
export async function talk(socket: MailServerSocket, conversation: FuzzedConversation): Promise<void> {
  const peer = new Peer(socket);
  let owed = Infinity;
  try {
    if (conversation.offer !== undefined) await peer.negotiate(conversation.offer);
    if (conversation.isPolite && conversation.offer !== undefined) await politely(peer, conversation);
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
    if (command === 'Q') return peer.closed(owed);
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
 * Without waiting: what ABORT, QUIT or a new connection overtakes may stay without an answer, but nothing has two.
 *
 * @returns how many answers there may be at the most.
 */
async function atOnce(peer: Peer, { frames, cut, offer }: FuzzedConversation): Promise<number> {
  const stream = Buffer.concat(frames.map(({ bytes }) => bytes));
  peer.write(stream.subarray(0, cut));
  peer.write(stream.subarray(cut));
  if (offer === undefined || frames.some(({ command }) => command === undefined)) return Infinity;
  const commands = frames.map(({ command = '' }) => command);
  const quitAt = commands.indexOf('Q');
  const heard = quitAt === -1 ? commands : commands.slice(0, quitAt);
  const owed = heard.filter((command) => peer.oracle.isAnswered(command)).length;
  if (quitAt !== -1 || commands.includes('A') || commands.includes('K')) return owed;
  await peer.probe(owed);
  return owed + 1;
}

/** One end of a connection, whose other end is the filter. */
class Peer {
  readonly oracle = new AnswerOracle();
  readonly #socket: MailServerSocket;
  readonly #closed: Promise<void>;
  #isClosed = false;
  #failure: unknown;
  #wake: () => void = () => {};

  constructor(socket: MailServerSocket) {
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

  async negotiate(offer: Buffer): Promise<void> {
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
    await this.closed(owed + 1);
  }

  /** The filter closes, and not before it has sent what it owes. */
  async closed(owed: number): Promise<void> {
    await this.#closed;
    this.#check();
    if (this.oracle.finals !== owed) throw new Error(`${owed} answers are owed, ${this.oracle.finals} came`);
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
