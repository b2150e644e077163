import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import { type DcEvent, type DcEventType, StdioDeltaChat } from '@deltachat/jsonrpc-client';
import { ensureBaseImage } from '@postern/docker';
import { execa } from 'execa';
import { coreBinary, type CoreVersion, newestCore } from './core-versions.ts';
import { askAgainWhenLocked } from './locked-database.ts';
import type { TestNetwork } from './test-network.ts';

type Rpc = StdioDeltaChat['rpc'];
type EventKind = DcEvent['kind'];
export type ChatMessage = Awaited<ReturnType<Rpc['getMessage']>>;

/** Less than a test has; mail that a busy relay put off for once is tried again after a minute or so. */
const eventDeadlineMs = 240_000;

/** The real Delta Chat core, run in a container of the test's network so that it finds relays by their names. */
export class ChatClient implements AsyncDisposable {
  readonly rpc: Rpc;
  readonly version: CoreVersion;
  readonly #core: StdioDeltaChat;
  readonly #container: string;
  readonly #history: { accountId: number; event: DcEvent }[] = [];
  readonly #watchers = new Set<() => void>();

  private constructor(core: StdioDeltaChat, container: string, version: CoreVersion) {
    this.#core = core;
    this.#container = container;
    this.rpc = core.rpc;
    this.version = version;
  }

  /** The events, one by one: older cores do not have the call that gives many, which the library would use. */
  async #listen(): Promise<never> {
    for (;;) {
      const { contextId: accountId, event } = await this.rpc.getNextEvent();
      this.#history.push({ accountId, event });
      for (const look of this.#watchers) look();
    }
  }

  static async start(network: TestNetwork, version: CoreVersion = newestCore): Promise<ChatClient> {
    const image = await ensureBaseImage('trixie');
    const name = `postern-core-${randomUUID()}`;
    const server = spawn(
      'docker',
      [
        ...`run --rm --interactive --name ${name}`.split(' '),
        ...network.options,
        ...`--volume ${dirname(coreBinary(version))}:/core:ro --env DC_ACCOUNTS_PATH=/accounts ${image}`.split(' '),
        'sh',
        '-ec',
        `${network.inside}\nexec /core/deltachat-rpc-server`,
      ],
      { stdio: ['pipe', 'pipe', 'ignore'] },
    );
    server.stdin.on('error', () => {}); // a request for events is always on its way when the core ends
    const core = askAgainWhenLocked(new StdioDeltaChat(server.stdin, server.stdout, false));
    const client = new ChatClient(core, name, version);
    await client.rpc.getSystemInfo();
    void client.#listen();
    return client;
  }

  /** An account that is online: made from the code on a relay's page, and waiting for mail. */
  async join(code: string, config: Readonly<Record<string, string>> = {}): Promise<ChatAccount> {
    const id = await this.rpc.addAccount();
    await this.rpc.batchSetConfig(id, { bot: '1', ...config });
    const account = new ChatAccount(this, id);
    const online = account.waitFor('ImapInboxIdle');
    if (this.version === newestCore) await this.rpc.addTransportFromQr(id, code);
    else await this.#useCode(id, code);
    await online;
    return account;
  }

  /** Another device of whose backup it is. */
  async useBackup(path: string): Promise<ChatAccount> {
    const account = new ChatAccount(this, await this.rpc.addAccount());
    await this.rpc.importBackup(account.id, path, null);
    const online = account.waitFor('ImapInboxIdle');
    await this.rpc.startIo(account.id);
    await online;
    return account;
  }

  /** As older cores do it; since 2.38 the first call does the rest as well. */
  async #useCode(id: number, code: string): Promise<void> {
    await this.rpc.setConfigFromQr(id, code);
    if (!(await this.rpc.isConfigured(id))) await this.rpc.configure(id);
    await this.rpc.startIo(id);
  }

  /** The next matching event after `since`, also one that came already. @throws when none comes within a minute. */
  async event<Kind extends EventKind>(wanted: {
    accountId: number;
    kind: Kind;
    since: number;
    matches?: (event: DcEventType<Kind>) => boolean;
  }): Promise<DcEventType<Kind>> {
    const { accountId, kind, since, matches = () => true } = wanted;
    const isOfKind = (event: DcEvent): event is DcEvent & DcEventType<Kind> => event.kind === kind;
    return new Promise((resolve, reject) => {
      let next = since;
      const look = (): void => {
        for (; next < this.#history.length; next += 1) {
          const entry = this.#history[next];
          if (entry !== undefined && entry.accountId === accountId && isOfKind(entry.event) && matches(entry.event)) {
            settle();
            resolve(entry.event);
            return;
          }
        }
      };
      const timer = setTimeout(() => {
        settle();
        const seen = this.#history
          .slice(since)
          .filter((entry) => entry.accountId === accountId)
          .map(({ event }) => ('msg' in event ? `${event.kind}: ${event.msg}` : event.kind));
        reject(new Error(`no ${kind} within ${eventDeadlineMs / 1000} s; there were:\n${seen.slice(-40).join('\n')}`));
      }, eventDeadlineMs);
      const settle = (): void => {
        clearTimeout(timer);
        this.#watchers.delete(look);
      };
      this.#watchers.add(look);
      look();
    });
  }

  /** Puts a file where the core can read it. */
  async putFile(path: string, content: Uint8Array): Promise<void> {
    await execa('docker', ['exec', '--interactive', this.#container, 'sh', '-c', `cat > '${path}'`], {
      input: content,
    });
  }

  /** Runs a command where the core runs. @returns its standard output. */
  async run(...command: readonly string[]): Promise<string> {
    return (await execa('docker', ['exec', this.#container, ...command])).stdout;
  }

  /** Reads a file where the core keeps it. */
  async getFile(path: string): Promise<Buffer> {
    const { stdout } = await execa('docker', ['exec', this.#container, 'cat', path], { encoding: 'buffer' });
    return Buffer.from(stdout);
  }

  /** A point in the stream of events, to look from. */
  get now(): number {
    return this.#history.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#core.close();
    await execa('docker', ['rm', '--force', this.#container], { stdio: 'ignore' });
  }
}

/** One account of a client. */
export class ChatAccount {
  readonly client: ChatClient;
  readonly id: number;

  constructor(client: ChatClient, id: number) {
    this.client = client;
    this.id = id;
  }

  get rpc(): Rpc {
    return this.client.rpc;
  }

  async address(): Promise<string> {
    const address = await this.rpc.getConfig(this.id, 'configured_addr');
    if (address === null) throw new Error('the account has no address');
    return address;
  }

  /** A message with its file, which larger ones bring later than their text. */
  async downloaded(messageId: number): Promise<ChatMessage> {
    for (;;) {
      const since = this.client.now;
      const message = await this.rpc.getMessage(this.id, messageId);
      if (message.downloadState === 'Done' && message.file !== null) return message;
      await this.waitFor('MsgsChanged', undefined, since);
    }
  }

  waitFor<Kind extends EventKind>(
    kind: Kind,
    matches?: (event: DcEventType<Kind>) => boolean,
    since = this.client.now,
  ): Promise<DcEventType<Kind>> {
    return this.client.event({ accountId: this.id, kind, since, ...(matches !== undefined && { matches }) });
  }

  /**
   * Scans the other's invite, to them or to a chat of theirs, and waits until both know that they met.
   * @returns the chat, as seen from here.
   */
  async meet(
    other: ChatAccount,
    edit: (invite: string) => string = (invite) => invite,
    into: number | null = null,
  ): Promise<number> {
    const invite = edit(await other.rpc.getChatSecurejoinQrCode(other.id, into));
    const met = [
      this.waitFor('SecurejoinJoinerProgress', (event) => event.progress === 1000),
      other.waitFor('SecurejoinInviterProgress', (event) => event.progress === 1000),
    ];
    const chat = await this.rpc.secureJoin(this.id, invite);
    await Promise.all(met);
    return chat;
  }

  /** The newest such message in a chat, if there is one by now. */
  async find(chat: number, isWanted: (message: ChatMessage) => boolean): Promise<ChatMessage | undefined> {
    const ids = await this.rpc.getMessageIds(this.id, chat, false, false);
    for (const id of ids.toReversed()) {
      const message = await this.rpc.getMessage(this.id, id);
      if (isWanted(message)) return message;
    }
    return undefined;
  }

  /** The next message with that text. */
  async incoming(text: string, since = this.client.now): Promise<ChatMessage> {
    const others = new Set<number>();
    for (;;) {
      const { msgId } = await this.waitFor('IncomingMsg', (event) => !others.has(event.msgId), since);
      const message = await this.rpc.getMessage(this.id, msgId);
      if (message.text === text) return message;
      others.add(msgId);
    }
  }

  /** Sends a text and waits until the other has it. @returns the message as the other sees it. */
  async sendText(chat: number, text: string, other: ChatAccount): Promise<ChatMessage> {
    const arrived = other.incoming(text);
    await this.rpc.miscSendTextMessage(this.id, chat, text);
    return await arrived;
  }
}
