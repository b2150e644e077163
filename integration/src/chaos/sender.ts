import { login, type Conversation } from '../conversation.ts';
import type { Where } from '../start-tls.ts';

/** What a sender was told about a message. */
export type Outcome =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused'; readonly reply: string }
  /** The connection broke first. The relay may only have the message if it was sent to its end. */
  | { readonly kind: 'unknown'; readonly wasComplete: boolean };

export interface Account {
  readonly address: string;
  readonly password: string;
}

/** One session at the submission port. */
export class Sender implements AsyncDisposable {
  readonly #session: Conversation;

  private constructor(session: Conversation) {
    this.#session = session;
  }

  /** @returns the relay's refusal, when it does not let the account in. */
  static async open(where: Where, { address, password }: Account): Promise<Sender | string> {
    try {
      return new Sender(await login(where, address, password));
    } catch (error) {
      return String(error);
    }
  }

  /** @param isHalf goes away in the middle of the message. */
  async send(
    from: string,
    to: readonly string[],
    { text, isHalf }: { text: string; isHalf: boolean },
  ): Promise<Outcome> {
    const session = this.#session;
    let wasComplete = false;
    try {
      for (const command of [`MAIL FROM:<${from}>`, ...to.map((address) => `RCPT TO:<${address}>`), 'DATA']) {
        session.send(`${command}\r\n`);
        const reply = await session.reply();
        if (/^[23]/.test(reply)) continue;
        session.send('RSET\r\n');
        await session.reply();
        return { kind: 'refused', reply };
      }
      if (isHalf) {
        session.send(text.slice(0, text.length / 2));
        await this[Symbol.asyncDispose]();
        return { kind: 'unknown', wasComplete };
      }
      const stuffed = text.replace(/^\./gm, '..');
      wasComplete = true;
      session.send(Buffer.from(`${stuffed}${stuffed.endsWith('\r\n') ? '' : '\r\n'}.\r\n`, 'latin1'));
      const reply = await session.reply();
      return reply.startsWith('250') ? { kind: 'accepted' } : { kind: 'refused', reply };
    } catch {
      return { kind: 'unknown', wasComplete };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }
}
