import { setTimeout as wait } from 'node:timers/promises';
import type { Post } from './mailbox.ts';

const deadlineMs = 60_000;

/** Gives names to the messages that are sent. */
export class Recorder {
  readonly #post: Post;
  readonly recorded = new Map<string, Buffer>();

  constructor(post: Post) {
    this.#post = post;
  }

  /**
   * Does something, waits until as many messages were sent (by that sender, or by anybody), and keeps them by these names,
   * in the order in which they were sent. Those without a name are not kept.
   */
  async record(names: readonly string[], act: () => Promise<unknown>, from?: string): Promise<void> {
    const before = this.#post.sent.length;
    const sent = (): readonly Buffer[] =>
      this.#post.sent
        .slice(before)
        .flatMap((message) => (from === undefined || message.from === from ? [message.raw] : []));
    await act();
    const deadline = Date.now() + deadlineMs;
    while (sent().length < names.length) {
      if (Date.now() > deadline) {
        throw new Error(`${sent().length} of ${names.length} messages for ${names.join(', ')}`);
      }
      await wait(20);
    }
    for (const [index, name] of names.entries()) {
      const raw = sent()[index];
      if (name !== '' && raw !== undefined) this.recorded.set(name, raw);
    }
  }
}
