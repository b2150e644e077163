import { EventEmitter } from 'node:events';

export interface StoredMessage {
  readonly uid: number;
  readonly bytes: Buffer;
}

/** Mail in memory: what a relay would be that costs nothing. */
export class Mailbox extends EventEmitter<{ mail: [] }> {
  #messages: StoredMessage[] = [];
  #nextUid = 1;

  get messages(): readonly StoredMessage[] {
    return this.#messages;
  }

  get nextUid(): number {
    return this.#nextUid;
  }

  deliver(bytes: Buffer): void {
    this.#messages.push({ uid: this.#nextUid, bytes });
    this.#nextUid += 1;
    this.emit('mail');
  }

  remove(uids: ReadonlySet<number>): void {
    this.#messages = this.#messages.filter(({ uid }) => !uids.has(uid));
  }
}

/** All accounts; an address that nobody has used before gets an empty mailbox. */
export class Mailboxes {
  readonly #mailboxes = new Map<string, Mailbox>();

  of(address: string): Mailbox {
    const name = address.toLowerCase();
    let mailbox = this.#mailboxes.get(name);
    if (mailbox === undefined) {
      mailbox = new Mailbox();
      mailbox.setMaxListeners(0);
      this.#mailboxes.set(name, mailbox);
    }
    return mailbox;
  }
}
