import { randomBytes } from 'node:crypto';
import { createMessage, encrypt } from 'openpgp';
import { login, sendMail } from '../../integration/src/conversation.ts';
import { IncomingSession } from '../../integration/src/gate/incoming-session.ts';
import { wrapArmored } from '../../integration/src/messages.ts';
import { OtherDomain } from '../../integration/src/other-domain.ts';
import { startRelay, type TestRelay } from '../../integration/src/relay.ts';
import { startNetwork, type TestNetwork } from '../../integration/src/test-network.ts';
import { type BenchRow, median, row } from '../harness.ts';
import { cpuSeconds } from './cpu.ts';

const people = 100;
const sessions = 20;
const rounds = 3;
const password = 'a password of the benchmark';
/** What each sends in a round: mostly chat, a few pictures, one film. Encrypted mail is a third larger. */
const mix = [2_000, 2_000, 2_000, 2_000, 50_000, 2_000, 2_000, 2_000, 2_000, 700_000];
const anotherDomain = 'friends.test';

/** Whoever sends as much as this is slowed down elsewhere. */
const withoutLimits = [
  'limits.pacing_seconds = 0',
  'limits.messages_per_minute = 10000',
  'limits.recipients_per_hour = 1000000',
  'limits.bytes_per_day = 1000000000000',
  'limits.incoming_messages_per_minute = 100000',
  'limits.incoming_bytes_per_day = 1000000000000',
].join('\n');

/**
 * A hundred people at one relay write to a hundred at another, all at the same time; with signatures, and without: relays that
 * are named by their address neither sign nor check.
 */
export async function measureSending(): Promise<readonly BenchRow[]> {
  return [
    ...(await between('_one.test', '_two.test', 'two relays')),
    ...(await between('own-address', 'own-address', 'two relays, without signatures')),
  ];
}

/** Another server's mail comes in over twenty connections; its signatures are checked, and are not looked at. */
export async function measureIncoming(): Promise<readonly BenchRow[]> {
  return [
    ...(await incoming('refuse', 'incoming, signatures checked')),
    ...(await incoming('accept', 'incoming, signatures not looked at')),
  ];
}

async function between(here: string, there: string, name: string): Promise<readonly BenchRow[]> {
  await using network = await startNetwork([here, there].filter((domain) => domain.startsWith('_')));
  await using from = await startRelay({ domain: here, network, config: withoutLimits });
  await using to = await startRelay({ domain: there, network, config: withoutLimits });
  const addresses = Array.from({ length: people }, (_, n) => String(n).padStart(9, '0'));
  for (const each of addresses) {
    for (const relay of [from, to])
      await (await login(relay.at(465), `${each}@${relay.domain}`, password))[Symbol.asyncDispose]();
  }
  const bodies = await Promise.all(mix.map(armored));
  const results: Measured[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const open = await Promise.all(addresses.map((each) => login(from.at(465), `${each}@${from.domain}`, password)));
    const measured = await measure([from, to], to, people * mix.length, async () => {
      await Promise.all(
        open.map(async (session, at) => {
          const envelope = { from: `${addresses[at]}@${from.domain}`, to: `${addresses[at]}@${to.domain}` };
          for (const body of bodies) demand(await sendMail(session, envelope, wrapArmored(body, envelope)));
        }),
      );
    });
    for (const session of open) await session[Symbol.asyncDispose]();
    if (round > 0) results.push(measured); // the first round is to get warm
  }
  return [
    row({ name: `${name}: end to end`, value: median(results.map(({ rate }) => rate)), unit: 'messages/s' }),
    row({ name: `${name}: one core of the sending relay`, value: perCore(results, 0), unit: 'messages/s' }),
    row({ name: `${name}: one core of the receiving relay`, value: perCore(results, 1), unit: 'messages/s' }),
  ];
}

async function incoming(unsigned: 'accept' | 'refuse', name: string): Promise<readonly BenchRow[]> {
  await using network = await startNetwork(['_in.test']);
  const config = `mail.incoming_unsigned = "${unsigned}"\n${withoutLimits}`;
  await using relay = await startRelay({ domain: '_in.test', network, config });
  const envelope = { from: `news@${anotherDomain}`, to: '000000000@_in.test' };
  await (await login(relay.at(465), envelope.to, password))[Symbol.asyncDispose]();
  const messages = await signed(network, envelope);
  const results: Measured[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const open = await Promise.all(Array.from({ length: sessions }, () => IncomingSession.open(relay.at(25))));
    const measured = await measure([relay], relay, sessions * messages.length * 2, async () => {
      await Promise.all(
        open.map(async (session) => {
          for (const message of [...messages, ...messages]) demand(await session.deliver(envelope, message));
        }),
      );
    });
    for (const session of open) await session[Symbol.asyncDispose]();
    if (round > 0) results.push(measured);
  }
  return [
    row({ name: `${name}: end to end`, value: median(results.map(({ rate }) => rate)), unit: 'messages/s' }),
    row({ name: `${name}: one core of the relay`, value: perCore(results, 0), unit: 'messages/s' }),
  ];
}

async function signed(network: TestNetwork, envelope: { from: string; to: string }): Promise<readonly Buffer[]> {
  const author = new OtherDomain(anotherDomain, network);
  await author.newKey();
  const bodies = await Promise.all(mix.map(armored));
  return await Promise.all(bodies.map((body) => author.sign(wrapArmored(body, envelope))));
}

interface Measured {
  /** From the first octet to the last message in its mailbox. */
  readonly rate: number;
  /** Messages for a second of a core, for each relay. */
  readonly perCore: readonly number[];
}

function perCore(results: readonly Measured[], relay: number): number {
  return median(results.map((result) => result.perCore[relay] ?? 0));
}

/** What the work costs until all its messages are in mailboxes, which are empty again then. */
async function measure(
  relays: readonly TestRelay[],
  receiver: TestRelay,
  messages: number,
  work: () => Promise<void>,
): Promise<Measured> {
  const used = (): Promise<number[]> => Promise.all(relays.map(cpuSeconds));
  const before = await used();
  const startedAt = Date.now();
  await work();
  const stored = 'find /var/lib/postern/mail/*/Maildir/new -type f';
  await receiver.run(`for n in $(seq 120); do [ $(${stored} | wc -l) -ge ${messages} ] && exit; sleep 1; done; exit 1`);
  const after = await used();
  const last = Number(await receiver.run(`${stored} -printf '%T@\\n' | sort -n | tail -n 1`));
  await receiver.run(`${stored} -delete`);
  return {
    rate: messages / (last - startedAt / 1_000),
    perCore: after.map((seconds, at) => messages / (seconds - (before[at] ?? 0))),
  };
}

async function armored(bytes: number): Promise<string> {
  const message = await createMessage({ binary: randomBytes(bytes) });
  return await encrypt({ message, passwords: 'benchmark', format: 'armored' });
}

function demand(reply: string): void {
  if (!reply.startsWith('250')) throw new Error(`the relay said "${reply}"`);
}
