/** A message in a mailbox of the scripted relay. */
export interface StoredMessage {
  readonly uid: number;
  readonly raw: Buffer;
  isDeleted: boolean;
}

/** Mail for one address, kept in memory. */
export class Mailbox {
  messages: StoredMessage[] = [];
  nextUid = 1;
  readonly watchers = new Set<() => void>();

  deliver(raw: Buffer): void {
    this.messages.push({ uid: this.nextUid, raw, isDeleted: false });
    this.nextUid += 1;
    for (const watcher of this.watchers) watcher();
  }

  expunge(): void {
    this.messages = this.messages.filter((message) => !message.isDeleted);
  }
}

/** All mailboxes by address, and every message that was sent, in order. */
export class Post {
  readonly #mailboxes = new Map<string, Mailbox>();
  readonly sent: { readonly from: string; readonly raw: Buffer }[] = [];

  mailbox(address: string): Mailbox {
    const known = this.#mailboxes.get(address);
    if (known !== undefined) return known;
    const mailbox = new Mailbox();
    this.#mailboxes.set(address, mailbox);
    return mailbox;
  }

  send(from: string, recipients: readonly string[], raw: Buffer): void {
    this.sent.push({ from, raw });
    for (const recipient of recipients) this.mailbox(recipient).deliver(raw);
  }
}
