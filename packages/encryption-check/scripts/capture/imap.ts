import type { Socket } from 'node:net';
import type { Mailbox, Post, StoredMessage } from './mailbox.ts';

const capabilities = 'IMAP4rev1 IDLE XCHATMAIL';

/** As much of IMAP (RFC 3501, RFC 2177) as Delta Chat uses, for one connection. Every login is let in. */
export function serveImap(socket: Socket, post: Post): void {
  const session = new ImapSession(socket, post);
  let rest = '';
  socket.setNoDelay(true);
  socket.on('data', (chunk: Buffer) => {
    rest += chunk.toString('latin1');
    for (let end = rest.indexOf('\r\n'); end !== -1; end = rest.indexOf('\r\n')) {
      const line = rest.slice(0, end);
      rest = rest.slice(end + 2);
      session.line(line);
    }
  });
  socket.on('close', () => session.close());
  socket.on('error', () => socket.destroy());
  session.say(`* OK [CAPABILITY ${capabilities}] ready`);
}

class ImapSession {
  readonly #socket: Socket;
  readonly #post: Post;
  #mailbox: Mailbox | undefined;
  #idleTag: string | undefined;

  constructor(socket: Socket, post: Post) {
    this.#socket = socket;
    this.#post = post;
  }

  say(line: string): void {
    this.#socket.write(`${line}\r\n`);
  }

  close(): void {
    this.#mailbox?.watchers.delete(this.#tellCount);
  }

  line(line: string): void {
    if (this.#idleTag !== undefined) {
      this.#mailbox?.watchers.delete(this.#tellCount);
      this.say(`${this.#idleTag} OK done`);
      this.#idleTag = undefined;
      return;
    }
    const [tag = '*', verb = '', ...words] = line.split(' ');
    const command = verb.toUpperCase() === 'UID' ? `UID ${(words.shift() ?? '').toUpperCase()}` : verb.toUpperCase();
    this.#answer(tag, command, words);
  }

  #answer(tag: string, command: string, words: readonly string[]): void {
    switch (command) {
      case 'LOGIN':
        this.#mailbox = this.#post.mailbox((words[0] ?? '').replaceAll('"', '').toLowerCase());
        return this.say(`${tag} OK [CAPABILITY ${capabilities}] welcome`);
      case 'CAPABILITY':
        this.say(`* CAPABILITY ${capabilities}`);
        break;
      case 'LIST':
      case 'LSUB':
        this.say(`* ${command} () "/" INBOX`);
        break;
      case 'SELECT':
        return this.#select(tag);
      case 'STATUS':
        this.say(
          `* STATUS INBOX (MESSAGES ${this.#messages.length} UIDNEXT ${this.#mailbox?.nextUid ?? 1} UIDVALIDITY 1)`,
        );
        break;
      case 'UID FETCH':
        this.#fetch(words);
        break;
      case 'UID STORE':
        for (const [, message] of this.#range(words[0] ?? ''))
          message.isDeleted ||= words.join(' ').includes('\\Deleted');
        break;
      case 'CLOSE':
      case 'EXPUNGE':
        this.#mailbox?.expunge();
        break;
      case 'IDLE':
        this.#idleTag = tag;
        this.#mailbox?.watchers.add(this.#tellCount);
        return this.say('+ idling');
      case 'LOGOUT':
        this.say('* BYE');
        break;
    }
    this.say(`${tag} OK`);
  }

  get #messages(): readonly StoredMessage[] {
    return this.#mailbox?.messages ?? [];
  }

  readonly #tellCount = (): void => this.say(`* ${this.#messages.length} EXISTS`);

  #select(tag: string): void {
    this.say('* FLAGS (\\Seen \\Deleted)');
    this.#tellCount();
    this.say('* OK [UIDVALIDITY 1] valid');
    this.say(`* OK [UIDNEXT ${this.#mailbox?.nextUid ?? 1}] next`);
    this.say(`${tag} OK [READ-WRITE] selected`);
  }

  #fetch(words: readonly string[]): void {
    const isHeader = words.join(' ').includes('HEADER');
    for (const [number, { uid, raw }] of this.#range(words[0] ?? '')) {
      const part = isHeader ? raw.subarray(0, raw.indexOf('\r\n\r\n') + 4) : raw;
      const section = isHeader ? `BODY[HEADER]` : 'BODY[]';
      this.#socket.write(
        `* ${number} FETCH (UID ${uid} FLAGS () RFC822.SIZE ${raw.length} ${section} {${part.length}}\r\n`,
      );
      this.#socket.write(part);
      this.say(')');
    }
  }

  /** Messages of a set such as `3:502` or `4,7`, with their sequence numbers. */
  #range(set: string): (readonly [number: number, message: StoredMessage])[] {
    const ranges = set.split(',').map((range) => range.split(':').map((end) => (end === '*' ? 2 ** 32 : Number(end))));
    const isIn = (uid: number): boolean => ranges.some(([first = 0, last = first]) => uid >= first && uid <= last);
    return this.#messages.map((message, index) => [index + 1, message] as const).filter(([, { uid }]) => isIn(uid));
  }
}
