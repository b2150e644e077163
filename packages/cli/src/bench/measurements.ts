import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChatAccount, ChatCore } from './chat-core.ts';
import { type Credentials, loginToImap, loginToSmtp, type Service } from './wire.ts';

/** A relay as the benchmark sees it. */
export interface BenchRelay {
  readonly domain: string;
  /** What a client scans to get a new account there. */
  readonly newCode: () => string;
  readonly imap: Service;
  readonly submission: Service;
}

/** The rows, in the order of the table; the names with `dc_` are those of the reference's own benchmark. */
export const rowNames = [
  'IMAP connect (TLS, greeting)',
  'IMAP connect and login, new account',
  'IMAP connect and login, existing',
  'SMTP connect (TLS, greeting)',
  'SMTP connect and login, new account',
  'SMTP connect and login, existing',
  'dc_autoconfig_and_idle_ready',
  'SecureJoin',
  'one-way delivery',
  'dc_ping_pong',
  'dc_send_10_receive_10',
  '1 MB file',
] as const;
export type RowName = (typeof rowNames)[number];
export type Record = (name: RowName, ms: number) => void;

/** A new pair of accounts sends at most about this many messages in a round, which stays below the limit of any relay. */
const exchangesPerRound = 5;
const fileBytes = 1_000_000;

/**
 * One round of everything between two relays, or within one: the first sends, the second receives; ten messages go either
 * way. Yields wherever somebody else may have a turn.
 */
export async function* measureRound(
  core: ChatCore,
  relays: readonly [BenchRelay, BenchRelay],
  record: Record,
): AsyncGenerator<void> {
  for (const relay of new Set(relays)) await measureLogins(relay, record);
  yield;
  const joined = async (relay: BenchRelay): Promise<ChatAccount> =>
    timed('dc_autoconfig_and_idle_ready', record, () => core.join(relay.newCode()));
  const [alice, bob] = [await joined(relays[0]), await joined(relays[1])];
  try {
    yield;
    const chat = await timed('SecureJoin', record, () => alice.meet(bob));
    const warmUp = await exchange(alice, chat, bob);
    await core.rpc.acceptChat(bob.id, warmUp);
    await exchange(bob, warmUp, alice);
    for (let at = 0; at < exchangesPerRound; at += 1) {
      yield;
      await timed('one-way delivery', record, () => exchange(alice, chat, bob));
      await timed('dc_ping_pong', record, async () => {
        const answerTo = await exchange(alice, chat, bob);
        await exchange(bob, answerTo, alice);
      });
    }
    yield;
    await timed('dc_send_10_receive_10', record, () => sendTen(alice, chat, bob));
    yield;
    await timed('dc_send_10_receive_10', record, () => sendTen(bob, warmUp, alice));
    yield;
    await measureFile(alice, chat, bob, record);
  } finally {
    await Promise.all([alice.leave(), bob.leave()]);
  }
}

async function timed<Result>(name: RowName, record: Record, work: () => Promise<Result>): Promise<Result> {
  const start = performance.now();
  const result = await work();
  record(name, performance.now() - start);
  return result;
}

async function measureLogins({ domain, imap, submission }: BenchRelay, record: Record): Promise<void> {
  const kinds = [
    { name: 'IMAP', login: loginToImap, service: imap },
    { name: 'SMTP', login: loginToSmtp, service: submission },
  ] as const;
  for (const { name, login, service } of kinds) {
    const credentials = newCredentials(domain);
    const first = await login(service, credentials);
    const second = await login(service, credentials);
    record(`${name} connect (TLS, greeting)`, first.greetedMs);
    record(`${name} connect (TLS, greeting)`, second.greetedMs);
    record(`${name} connect and login, new account`, first.loggedInMs);
    record(`${name} connect and login, existing`, second.loggedInMs);
  }
}

/** As the client makes them: nine letters and digits, and a password of fifty. */
function newCredentials(domain: string): Credentials {
  const characters = (count: number): string =>
    Array.from(randomBytes(count), (byte) => 'abcdefghijklmnopqrstuvwxyz012345'[byte & 31]).join('');
  return { address: `${characters(9)}@${domain}`, password: characters(50) };
}

/** @returns the chat in which the receiver sees the message. */
async function exchange(from: ChatAccount, chat: number, to: ChatAccount): Promise<number> {
  const arrived = to.waitFor('IncomingMsg');
  await from.send(chat, 'a short message');
  return (await arrived).chatId;
}

async function sendTen(from: ChatAccount, chat: number, to: ChatAccount): Promise<void> {
  let missing = 10;
  const arrived = to.waitFor('IncomingMsg', () => (missing -= 1) === 0);
  for (let at = 0; at < 10; at += 1) await from.send(chat, `message ${at}`);
  await arrived;
}

/** Done when the receiver has the whole file: large ones arrive as a note first, and are fetched after it. */
async function measureFile(from: ChatAccount, chat: number, to: ChatAccount, record: Record): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-bench-file-'));
  const path = join(folder, 'file.bin');
  try {
    await writeFile(path, randomBytes(fileBytes));
    await timed('1 MB file', record, async () => {
      const isComplete = async (msgId: number): Promise<boolean> => {
        if (msgId === 0) return false;
        const message = await to.core.rpc.getMessage(to.id, msgId);
        return message.downloadState === 'Done' && message.fileBytes >= fileBytes;
      };
      const arrived = Promise.any([
        to.waitFor('IncomingMsg', ({ msgId }) => isComplete(msgId)),
        to.waitFor('MsgsChanged', ({ msgId }) => isComplete(msgId)),
      ]);
      await from.core.rpc.miscSendMsg(from.id, chat, null, path, 'file.bin', null, null);
      await arrived;
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
