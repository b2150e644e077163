import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { StdioDeltaChat } from '@deltachat/jsonrpc-client';
import type { DcEvent } from '@deltachat/jsonrpc-client';
import { getRPCServerPath } from '@deltachat/stdio-rpc-server';

const eventDeadlineMs = 60_000;

/** One process of the real Delta Chat core, of the version that is installed or of an older one that npm has. */
export class Client {
  readonly rpc: StdioDeltaChat['rpc'];
  readonly directory: string;
  readonly #chat: StdioDeltaChat;
  readonly #server: ChildProcess;
  readonly #history: { readonly account: number; readonly event: DcEvent }[] = [];
  readonly #watchers = new Set<() => void>();

  private constructor(directory: string, server: ChildProcess, chat: StdioDeltaChat) {
    this.directory = directory;
    this.#server = server;
    this.#chat = chat;
    this.rpc = chat.rpc;
  }

  /** The events, one by one: older cores do not have the call that gives many, which the library would use. */
  async #listen(): Promise<void> {
    while (this.#server.exitCode === null) {
      const { contextId, event } = await this.rpc.getNextEvent();
      this.#history.push({ account: contextId, event });
      for (const watcher of this.#watchers) watcher();
    }
  }

  static async start(version?: string): Promise<Client> {
    const directory = await mkdtemp(join(tmpdir(), 'postern-capture-'));
    const binary = version === undefined ? getRPCServerPath() : await installCore(version, directory);
    const server = spawn(binary, {
      env: { ...process.env, DC_ACCOUNTS_PATH: join(directory, 'accounts') },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const client = new Client(directory, server, new StdioDeltaChat(server.stdin, server.stdout, false));
    await client.rpc.getSystemInfo();
    void client.#listen();
    return client;
  }

  /** An account that is online at a relay without TLS. */
  async account(name: string, ports: { readonly imap: number; readonly smtp: number }): Promise<Account> {
    const id = await this.rpc.addAccount();
    const account = new Account(this, id, `${name}@relay.test`);
    await this.rpc.batchSetConfig(id, { bot: '1', mdns_enabled: '1', displayname: name });
    const online = account.waitFor('ImapInboxIdle');
    await this.rpc.setConfigFromQr(
      id,
      `dclogin:${account.address}?p=password&v=1&ih=127.0.0.1&ip=${ports.imap}&is=plain&sh=127.0.0.1&sp=${ports.smtp}&ss=plain`,
    );
    // Since version 2.38 the line above does the rest as well.
    if (!(await this.rpc.isConfigured(id))) await this.rpc.configure(id);
    await this.rpc.startIo(id);
    await online;
    return account;
  }

  get now(): number {
    return this.#history.length;
  }

  /** The next event of a kind after `since` that matches, also one that came already. */
  event(
    account: number,
    wanted: { readonly kind: DcEvent['kind']; readonly since: number; readonly matches: (event: DcEvent) => boolean },
  ): Promise<DcEvent> {
    const { kind, since, matches } = wanted;
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.#watchers.delete(look);
      };
      const timer = setTimeout(() => {
        settle();
        reject(new Error(`no ${kind} within ${eventDeadlineMs / 1000} s`));
      }, eventDeadlineMs);
      const look = (): void => {
        const found = this.#history
          .slice(since)
          .find((entry) => entry.account === account && entry.event.kind === kind && matches(entry.event));
        if (found === undefined) return;
        settle();
        resolve(found.event);
      };
      this.#watchers.add(look);
      look();
    });
  }

  stop(): void {
    this.#chat.close();
    this.#server.kill();
  }
}

/** One account of a client. */
export class Account {
  readonly client: Client;
  readonly id: number;
  readonly address: string;

  constructor(client: Client, id: number, address: string) {
    this.client = client;
    this.id = id;
    this.address = address;
  }

  get rpc(): StdioDeltaChat['rpc'] {
    return this.client.rpc;
  }

  waitFor(kind: DcEvent['kind'], matches: (event: DcEvent) => boolean = () => true): Promise<DcEvent> {
    return this.client.event(this.id, { kind, since: this.client.now, matches });
  }
}

async function installCore(version: string, directory: string): Promise<string> {
  const name = '@deltachat/stdio-rpc-server';
  await promisify(execFile)('npm', ['install', '--no-save', '--prefix', directory, `${name}@${version}`]);
  return join(directory, 'node_modules', `${name}-${process.platform}-${process.arch}`, 'deltachat-rpc-server');
}
