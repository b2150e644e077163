import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DcEvent, type DcEventType, StdioDeltaChat } from '@deltachat/jsonrpc-client';

type Rpc = StdioDeltaChat['rpc'];
type EventKind = DcEvent['kind'];

const eventDeadlineMs = 60_000;

/** The real Delta Chat core, several accounts in one process, with its data in a folder. */
export class ChatCore implements AsyncDisposable {
  readonly rpc: Rpc;
  readonly #core: StdioDeltaChat;
  readonly #end: () => Promise<void>;
  readonly #watchers = new Set<(accountId: number, event: DcEvent) => void>();
  /** Settles when the core has ended, whoever ended it. */
  readonly ended: Promise<void>;

  private constructor(core: StdioDeltaChat, ended: Promise<void>, end: () => Promise<void>) {
    this.#core = core;
    this.ended = ended;
    this.#end = end;
    this.rpc = core.rpc;
    core.on('ALL', (accountId, event) => {
      for (const watch of this.#watchers) watch(accountId, event);
    });
  }

  /**
   * @param program path or name of `deltachat-rpc-server`.
   * @param keptIn the folder of its accounts, made when it is not there; without one they go when the core ends.
   * @throws Error when it does not start.
   */
  static async start(program: string, keptIn?: string): Promise<ChatCore> {
    const folder = keptIn ?? (await mkdtemp(join(tmpdir(), 'postern-core-')));
    await mkdir(folder, { recursive: true });
    const server = spawn(program, {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...process.env, DC_ACCOUNTS_PATH: join(folder, 'accounts') },
    });
    const ended = new Promise<void>((resolve) => server.once('close', () => resolve()));
    const failed = new Promise<never>((_, reject) => server.once('error', reject));
    const core = new StdioDeltaChat(server.stdin, server.stdout, true);
    const chat = new ChatCore(core, ended, async () => {
      server.stdin.on('error', () => {}); // the library may still ask for events
      server.kill();
      await ended;
      if (keptIn === undefined) await rm(folder, { recursive: true, force: true });
    });
    await Promise.race([chat.rpc.getSystemInfo(), failed]);
    return chat;
  }

  /** A new account on the relay that the code leads to, online and waiting for mail. */
  async join(code: string): Promise<ChatAccount> {
    const id = await this.rpc.addAccount();
    // A bot sends without the client's own limit of a message per second, which would be all that one sees.
    await this.rpc.batchSetConfig(id, { bot: '1', displayname: 'bench' });
    const account = new ChatAccount(this, id);
    const online = account.waitFor('ImapInboxIdle');
    await this.rpc.addTransportFromQr(id, code);
    await online;
    return account;
  }

  /** Tells of every event of this kind from now on. */
  on(accountId: number, wanted: EventKind, listener: () => void): void {
    this.#watchers.add((id, { kind }) => {
      if (id === accountId && kind === wanted) listener();
    });
  }

  /** The next event that fits, from now on. @throws Error when none comes within a minute. */
  async next<Kind extends EventKind>(
    accountId: number,
    kind: Kind,
    matches: (event: DcEventType<Kind>) => boolean | Promise<boolean> = () => true,
  ): Promise<DcEventType<Kind>> {
    const isOfKind = (event: DcEvent): event is DcEvent & DcEventType<Kind> => event.kind === kind;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#watchers.delete(watch);
        reject(new Error(`the client saw no ${kind} within ${eventDeadlineMs / 1000} s`));
      }, eventDeadlineMs);
      const watch = (id: number, event: DcEvent): void => {
        if (id !== accountId || !isOfKind(event)) return;
        void Promise.resolve(matches(event)).then((fits) => {
          if (!fits) return;
          clearTimeout(timer);
          this.#watchers.delete(watch);
          resolve(event);
        }, reject);
      };
      this.#watchers.add(watch);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#core.close();
    await this.#end();
  }
}

/** One account. */
export class ChatAccount {
  readonly core: ChatCore;
  readonly id: number;

  constructor(core: ChatCore, id: number) {
    this.core = core;
    this.id = id;
  }

  waitFor<Kind extends EventKind>(
    kind: Kind,
    matches?: (event: DcEventType<Kind>) => boolean | Promise<boolean>,
  ): Promise<DcEventType<Kind>> {
    return this.core.next(this.id, kind, matches);
  }

  /** Scans the other's invite; settles when both know that they met. @returns the chat, as seen from here. */
  async meet(other: ChatAccount): Promise<number> {
    const invite = await this.core.rpc.getChatSecurejoinQrCode(other.id, null);
    const met = [
      this.waitFor('SecurejoinJoinerProgress', (event) => event.progress === 1000),
      other.waitFor('SecurejoinInviterProgress', (event) => event.progress === 1000),
    ];
    const chat = await this.core.rpc.secureJoin(this.id, invite);
    await Promise.all(met);
    return chat;
  }

  async send(chat: number, text: string): Promise<void> {
    await this.core.rpc.miscSendTextMessage(this.id, chat, text);
  }

  async leave(): Promise<void> {
    await this.core.rpc.removeAccount(this.id);
  }
}
