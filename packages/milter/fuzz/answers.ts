import { ProtocolFlag } from '../src/wire/constants.ts';

/** Who is answered, as the specification has it; nothing of the library but the numbers of the flags. */
const noReplyFlags: Readonly<Record<string, number>> = {
  C: ProtocolFlag.noReplyConnect,
  H: ProtocolFlag.noReplyHelo,
  M: ProtocolFlag.noReplyMail,
  R: ProtocolFlag.noReplyRcpt,
  T: ProtocolFlag.noReplyData,
  L: ProtocolFlag.noReplyHeader,
  N: ProtocolFlag.noReplyEndOfHeaders,
  B: ProtocolFlag.noReplyBody,
  U: ProtocolFlag.noReplyUnknown,
  E: 0,
};

/** Reads what a filter sends, and holds it to what it owes. */
export class AnswerOracle {
  /** Final replies; progress and edits are none. */
  finals = 0;
  #protocol: number | undefined;
  #rest = Buffer.alloc(0);
  #edits = '';

  /** Whether the mail server waits for an answer to this command. */
  isAnswered(command: string): boolean {
    const flag = noReplyFlags[command];
    return flag !== undefined && ((this.#protocol ?? 0) & flag) === 0;
  }

  get hasNegotiated(): boolean {
    return this.#protocol !== undefined;
  }

  /** @throws Error for what no filter may send. */
  take(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const length = this.#rest.length < 4 ? Infinity : this.#rest.readUInt32BE();
      if (length === 0) throw new Error('an answer of no bytes');
      if (this.#rest.length < 4 + length) return;
      this.#packet(this.#rest.subarray(4, 4 + length));
      this.#rest = this.#rest.subarray(4 + length);
    }
  }

  /** The stream has ended. @throws Error when it ended inside a frame. */
  end(): void {
    if (this.#rest.length > 0) throw new Error(`half a frame was sent: ${this.#rest.toString('hex')}`);
  }

  #packet(packet: Buffer): void {
    const code = packet.toString('latin1', 0, 1);
    if ((code === 'O') === this.hasNegotiated) throw new Error(`"${code}" came where it must not`);
    if (code === 'O') this.#protocol = packet.readUInt32BE(9);
    else if (code === 'h' || code === 'b') this.#edits += code;
    else if (code === 'p') {
      if (this.#edits.endsWith('b')) throw new Error('progress was reported between pieces of a body');
    } else if ('acdrsty'.includes(code)) {
      // Half a new body is with the mail server when its source fails.
      const isBrokenOff = code === 't' && this.#edits.endsWith('b');
      if (this.#edits !== '' && code !== 'c' && code !== 'a' && !isBrokenOff) {
        throw new Error(`edits came with a refusal "${code}"`);
      }
      this.#edits = '';
      this.finals += 1;
    } else throw new Error(`an unknown answer: ${packet.toString('hex')}`);
  }
}
