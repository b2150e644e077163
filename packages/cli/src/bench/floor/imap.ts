import type { Socket } from 'node:net';
import { Mailbox, type Mailboxes, type StoredMessage } from './mailboxes.ts';

const capabilities = 'IMAP4rev1 IDLE UIDPLUS MOVE XCHATMAIL';

/** A scripted IMAP server: exactly the commands that Delta Chat sends, answered at once. */
export function serveImap(socket: Socket, mailboxes: Mailboxes): void {
  new ImapSession(socket, mailboxes).start();
}

class ImapSession {
  readonly #socket: Socket;
  readonly #mailboxes: Mailboxes;
  #mailbox = new Mailbox();
  #input = '';
  #idleTag: string | undefined;
  #toldUid = 0;
  readonly #deleted = new Set<number>();

  constructor(socket: Socket, mailboxes: Mailboxes) {
    this.#socket = socket;
    this.#mailboxes = mailboxes;
  }

  start(): void {
    this.#say(`* OK [CAPABILITY ${capabilities}] floor`);
    this.#socket.on('data', (chunk: Buffer) => {
      const lines = (this.#input + chunk.toString('latin1')).split('\r\n');
      this.#input = lines.pop() ?? '';
      for (const line of lines) this.#line(line);
    });
    this.#socket.on('close', () => this.#mailbox.off('mail', this.#tell));
  }

  /** Mail that comes while the client does something else is told as soon as it waits. */
  readonly #tell = (): void => {
    if (this.#idleTag === undefined || this.#toldUid === this.#mailbox.nextUid) return;
    this.#toldUid = this.#mailbox.nextUid;
    this.#say(`* ${this.#mailbox.messages.length} EXISTS`);
  };

  #say(text: string): void {
    this.#socket.write(`${text}\r\n`, 'latin1');
  }

  #line(line: string): void {
    if (this.#idleTag !== undefined) {
      this.#say(`${this.#idleTag} OK done`);
      this.#idleTag = undefined;
      return;
    }
    const [tag = '*', ...words] = line.split(' ');
    const verb = (words[0]?.toUpperCase() === 'UID' ? `UID ${words[1]}` : (words[0] ?? '')).toUpperCase();
    if (verb === 'IDLE') {
      this.#idleTag = tag;
      this.#say('+ idling');
      this.#tell();
      return;
    }
    const answers: Readonly<Record<string, () => void>> = {
      LOGIN: () => this.#open(words[1]?.replaceAll('"', '') ?? ''),
      CAPABILITY: () => this.#say(`* CAPABILITY ${capabilities}`),
      LIST: () => this.#say('* LIST () "/" INBOX'),
      SELECT: () => this.#select(),
      CLOSE: () => this.#expunge(),
      EXPUNGE: () => this.#expunge(),
      'UID FETCH': () => this.#fetch(words[2] ?? '', line),
      'UID STORE': () => this.#messagesOf(words[2] ?? '').forEach(({ uid }) => this.#deleted.add(uid)),
    };
    answers[verb]?.();
    this.#say(`${tag} OK ${verb === 'LOGIN' ? `[CAPABILITY ${capabilities}] ` : ''}done`);
  }

  #open(address: string): void {
    this.#mailbox = this.#mailboxes.of(address);
    this.#mailbox.on('mail', this.#tell);
  }

  #select(): void {
    const { messages, nextUid } = this.#mailbox;
    this.#toldUid = nextUid;
    this.#say(`* ${messages.length} EXISTS\r\n* OK [UIDVALIDITY 1] fine\r\n* OK [UIDNEXT ${nextUid}] fine`);
  }

  #expunge(): void {
    this.#mailbox.remove(this.#deleted);
    this.#deleted.clear();
  }

  /** @param set a sequence set of UIDs, RFC 9051 §9. */
  #messagesOf(set: string): readonly StoredMessage[] {
    const ranges = set.split(',').map((range) => {
      const [from = '', to = from] = range.split(':');
      return [Number(from), to === '*' ? Infinity : Number(to)] as const;
    });
    return this.#mailbox.messages.filter(({ uid }) => ranges.some(([from, to]) => uid >= from && uid <= to));
  }

  #fetch(set: string, line: string): void {
    const wanted = /HEADER\.FIELDS \(([^)]*)\)/.exec(line)?.[1];
    for (const { uid, bytes } of this.#messagesOf(set)) {
      const at = this.#mailbox.messages.findIndex((message) => message.uid === uid) + 1;
      if (wanted === undefined) {
        this.#literal(`* ${at} FETCH (UID ${uid} FLAGS () BODY[]`, bytes.toString('latin1'));
      } else {
        const name = `BODY[HEADER.FIELDS (${wanted})]`;
        this.#literal(`* ${at} FETCH (UID ${uid} RFC822.SIZE ${bytes.length} ${name}`, headerFields(bytes, wanted));
      }
    }
  }

  #literal(before: string, text: string): void {
    this.#say(`${before} {${text.length}}\r\n${text})`);
  }
}

function headerFields(message: Buffer, wanted: string): string {
  const header = message.toString('latin1', 0, message.indexOf('\r\n\r\n') + 2);
  const names = new Set(wanted.toLowerCase().split(' '));
  const fields = header.match(/^[^\s:]+:.*\r\n(?:[ \t].*\r\n)*/gm) ?? [];
  return `${fields.filter((field) => names.has(field.split(':', 1)[0]?.toLowerCase() ?? '')).join('')}\r\n`;
}
