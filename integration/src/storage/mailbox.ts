import { ImapClient } from '../delivery/imap-client.ts';
import type { TestRelay } from '../relay.ts';

export const password = 'some-password';

const day = 86_400_000;

/** A message to be stored: how old it is to be, in days, and how large. */
export interface Stored {
  readonly ageDays: number;
  readonly bytes?: number;
  readonly isSeen?: true;
  readonly folder?: string;
}

/** A user's mailbox, as their client sees it. */
export class Mailbox implements AsyncDisposable {
  readonly client: ImapClient;

  private constructor(client: ImapClient) {
    this.client = client;
  }

  static async open(relay: TestRelay, name: string): Promise<Mailbox> {
    return new Mailbox(await ImapClient.open({ ...relay.at(993), secure: true }, { name, password }));
  }

  /** Uploads messages with dates of their own (RFC 3501 §6.3.11): time passes at once. */
  async store(...messages: readonly Stored[]): Promise<void> {
    for (const { ageDays, bytes = 100, isSeen, folder = 'INBOX' } of messages) {
      const head = `Subject: ${ageDays} days old\r\n\r\n`;
      const line = `${'y'.repeat(70)}\r\n`;
      const text = (head + line.repeat(Math.ceil(bytes / line.length))).slice(0, Math.max(bytes, head.length + 1) - 2);
      const flags = isSeen === true ? '(\\Seen)' : '()';
      const date = internalDate(new Date(Date.now() - ageDays * day));
      await this.client.command(`APPEND ${folder} ${flags} "${date}" {${text.length + 2}+}\r\n${text}\r\n`);
    }
  }

  /** What a field of the header says, message by message. */
  async fields(name: string, folder = 'INBOX'): Promise<string[]> {
    const [status = ''] = await this.client.command(`EXAMINE ${folder}`).then((lines) => lines.filter(isCount));
    if (status === '* 0 EXISTS') return [];
    const lines = await this.client.command(`FETCH 1:* (BODY.PEEK[HEADER.FIELDS (${name})])`);
    return lines.filter((line) => line.includes(': ')).map((line) => line.slice(line.indexOf(': ') + 2));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client[Symbol.asyncDispose]();
  }
}

function isCount(line: string): boolean {
  return /^\* \d+ EXISTS$/.test(line);
}

/** RFC 3501 §9, date-time */
function internalDate(date: Date): string {
  const [, dayOfMonth = '', month = '', year = '', time = ''] =
    /^\w+, (\d\d) (\w+) (\d+) ([\d:]+)/.exec(date.toUTCString()) ?? [];
  return `${dayOfMonth}-${month}-${year} ${time} +0000`;
}

/** Changes the relay's database, beside the relay. */
export async function change(relay: TestRelay, statement: string): Promise<void> {
  await withDatabase(relay, `database.exec(${JSON.stringify(statement)})`);
}

/** The answer to a question to the relay's database: one number. */
export async function ask(relay: TestRelay, query: string): Promise<number> {
  return Number(await withDatabase(relay, `console.log(database.prepare(${JSON.stringify(query)}).pluck().get())`));
}

async function withDatabase(relay: TestRelay, work: string): Promise<string> {
  const program = `const database = new (require('better-sqlite3'))('/var/lib/postern/postern.db'); ${work}`;
  const quoted = `'${program.replaceAll("'", String.raw`'\''`)}'`;
  return await relay.run(`cd /opt/postern/packages/relay && node -e ${quoted}`);
}
