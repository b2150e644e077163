/** As many messages as wait for a mailbox at once, and more. */
const maxRemembered = 10_000;

/**
 * Reads in Postfix's log who got mail. Every message passes its queue manager and its LMTP client anyway, while a plugin
 * in Dovecot's delivery would take a tenth of its time (docs/latency.md). Sources: postfix src/qmgr/qmgr_active.c,
 * src/global/log_adhoc.c.
 */
export class Deliveries {
  /** By the queue's names of the messages. */
  readonly #senders = new Map<string, string>();

  /**
   * @param line of Postfix's log.
   * @returns whose mailbox now has a message, if the line says that. Not when they sent it themselves, and it is a copy
   *   for their other devices.
   */
  read(line: string): string | undefined {
    const [, program, message = '', event = ''] = / postfix\/(qmgr|lmtp)\[\d+\]: (\w+): (.*)$/.exec(line) ?? [];
    if (program === 'lmtp') return this.#recipient(message, event);
    const sender = /^from=<(.*?)>, /.exec(event)?.[1];
    if (sender !== undefined) this.#remember(message, sender.toLowerCase());
    else if (event === 'removed') this.#senders.delete(message);
    return undefined;
  }

  #recipient(message: string, event: string): string | undefined {
    const user = /^to=<([^<>\s/]+)>, [^(]*\bstatus=sent /.exec(event)?.[1]?.toLowerCase();
    return user === this.#senders.get(message) ? undefined : user;
  }

  #remember(message: string, sender: string): void {
    this.#senders.delete(message);
    this.#senders.set(message, sender);
    const [oldest] = this.#senders.keys();
    if (oldest !== undefined && this.#senders.size > maxRemembered) this.#senders.delete(oldest);
  }
}
