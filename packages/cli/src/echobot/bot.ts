import type { ChatCore } from '../bench/chat-core.ts';
import type { Pace } from './pace.ts';

type Message = Awaited<ReturnType<ChatCore['rpc']['getMessage']>>;

export interface EchoBotOptions {
  readonly core: ChatCore;
  /** Leads to an account when there is none yet: `DCACCOUNT:…`. */
  readonly code: string;
  /** The relay allows an account so many messages. */
  readonly pace: Pace;
  /** Told of what the bot survives. */
  readonly onFailure: (error: unknown) => void;
}

/** Ids below this are the core's own: oneself, the device (chatmail core src/contact.rs). */
const firstContactId = 10;

/** Says everything back that somebody writes to it alone. */
export class EchoBot {
  readonly #options: EchoBotOptions;
  readonly #account: number;
  readonly #abort = new AbortController();
  #working: Promise<void> | undefined;
  #isWoken = false;

  private constructor(options: EchoBotOptions, account: number) {
    this.#options = options;
    this.#account = account;
  }

  /** Goes online, with the account of an earlier run if there is one, and answers what came meanwhile. */
  static async start(options: EchoBotOptions): Promise<EchoBot> {
    const { rpc } = options.core;
    const account = (await rpc.getAllAccountIds())[0] ?? (await rpc.addAccount());
    await rpc.batchSetConfig(account, { bot: '1', displayname: 'Echo', delete_device_after: '86400' });
    const bot = new EchoBot(options, account);
    options.core.on(account, 'IncomingMsg', () => bot.#wake());
    if (await rpc.isConfigured(account)) await rpc.startIo(account);
    else await rpc.addTransportFromQr(account, options.code);
    bot.#wake();
    return bot;
  }

  /** The link to scan. */
  async invite(): Promise<string> {
    return await this.#options.core.rpc.getChatSecurejoinQrCode(this.#account, null);
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#working;
  }

  #wake(): void {
    if (this.#abort.signal.aborted) return;
    this.#isWoken = true;
    this.#working ??= this.#work()
      .catch((error: unknown) => {
        if (!this.#abort.signal.aborted) this.#options.onFailure(error);
      })
      .finally(() => {
        this.#working = undefined;
        if (this.#isWoken) this.#wake();
      });
  }

  async #work(): Promise<void> {
    const { rpc } = this.#options.core;
    while (this.#isWoken && !this.#abort.signal.aborted) {
      this.#isWoken = false;
      for (const id of await rpc.getNextMsgs(this.#account)) {
        await this.#answer(await rpc.getMessage(this.#account, id));
        // Only now: a message is rather answered twice than never.
        await rpc.setConfig(this.#account, 'last_msg_id', String(id));
      }
    }
  }

  async #answer(message: Message): Promise<void> {
    const { rpc } = this.#options.core;
    if (!deservesAnswer(message)) return;
    const { chatType } = await rpc.getBasicChatInfo(this.#account, message.chatId);
    if (chatType !== 'Single') return;
    await this.#options.pace.turn(this.#abort.signal);
    await rpc.miscSendTextMessage(this.#account, message.chatId, message.text);
  }
}

/** Another bot would answer the answer, and so on for ever. */
function deservesAnswer({ text, fromId, isInfo, isBot, showPadlock }: Message): boolean {
  return text !== '' && fromId >= firstContactId && !isInfo && !isBot && showPadlock;
}
