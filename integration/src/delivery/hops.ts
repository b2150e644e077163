import { encryptedMessage } from '../messages.ts';
import type { TestRelay } from '../relay.ts';
import { ImapClient } from './imap-client.ts';
import { LineChannel } from './line-channel.ts';

/** The parts of one delivery that a client sees, in the order in which a message passes them. */
export const hopNames = [
  'connect to 465: TCP, TLS, greeting',
  'EHLO and AUTH',
  'MAIL, RCPT, DATA: to the 354',
  'message to 250',
  '250 to EXISTS',
  'EXISTS to the message read: DONE, FETCH',
] as const;
export type Hop = (typeof hopNames)[number];

/** When things happened to one message, in milliseconds since 1970. */
export interface Delivery {
  readonly times: ReadonlyMap<Hop, number>;
  /** The message's last octet left the client. */
  readonly sentMs: number;
  readonly existsMs: number;
}

const password = 'a password of the benchmark';

/** Sends messages from one account to another that waits, each over a connection of its own. */
export async function measureHops(
  relay: TestRelay,
  count: number,
  before: () => Promise<unknown> = async () => {},
): Promise<Delivery[]> {
  const [from, to] = [`sender001@${relay.domain}`, `reader001@${relay.domain}`];
  await using reader = await ImapClient.open({ ...relay.at(993), secure: true }, { name: to, password });
  await reader.idle();
  const deliveries: Delivery[] = [];
  for (let at = 0; at < count; at += 1) {
    const message = await encryptedMessage({ from, to });
    await before();
    deliveries.push(await deliver(relay, { from, to, message, reader }));
    await reader.idle();
  }
  return deliveries;
}

async function deliver(
  relay: TestRelay,
  { from, to, message, reader }: { from: string; to: string; message: string; reader: ImapClient },
): Promise<Delivery> {
  const marks = [Date.now()];
  const start = performance.now();
  const mark = (): void => void marks.push((marks[0] ?? 0) + performance.now() - start);
  const session = await LineChannel.open({ ...relay.at(465), secure: true });
  const expect = async (code: string): Promise<void> => {
    const reply = (await session.until(/^\d{3} /)).at(-1) ?? '';
    if (!reply.startsWith(code)) throw new Error(`expected ${code}, the relay said "${reply}"`);
  };
  await expect('220');
  mark();
  session.send('EHLO bench.example');
  await expect('250');
  session.send(`AUTH PLAIN ${Buffer.from(`\0${from}\0${password}`).toString('base64')}`);
  await expect('235');
  mark();
  // One after another without waiting for answers, each in a packet of its own, as Delta Chat does it.
  for (const command of [`MAIL FROM:<${from}>`, `RCPT TO:<${to}>`, 'DATA']) session.send(command);
  for (const code of ['250', '250', '354']) await expect(code);
  mark();
  // Whichever is seen first: the reader may hear of the message before the sender hears that it was taken.
  let existsMs = 0;
  const notified = reader.notified(/EXISTS/).then((line) => {
    existsMs = (marks[0] ?? 0) + performance.now() - start;
    return line;
  });
  session.send(`${message.trimEnd()}\r\n.`);
  await expect('250');
  mark();
  const line = await notified;
  marks.push(existsMs);
  const readFrom = performance.now();
  await reader.endIdle();
  await reader.command(`FETCH ${/\d+/.exec(line)?.[0]} BODY.PEEK[]`);
  marks.push(existsMs + performance.now() - readFrom);
  session.close();
  const times = new Map(hopNames.map((hop, at) => [hop, (marks[at + 1] ?? 0) - (marks[at] ?? 0)]));
  return { times, sentMs: marks[3] ?? 0, existsMs };
}

/** From TCP's first packet until the mailbox is open, again and again. @returns milliseconds. */
export async function measureLogins(relay: TestRelay, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let at = 0; at < count; at += 1) {
    const start = performance.now();
    const name = `reader001@${relay.domain}`;
    await using _client = await ImapClient.open({ ...relay.at(993), secure: true }, { name, password });
    times.push(performance.now() - start);
  }
  return times;
}
