import { setTimeout as delay } from 'node:timers/promises';
import { IncomingSession } from '../gate/incoming-session.ts';
import type { TestRelay } from '../relay.ts';
import type { Where } from '../start-tls.ts';
import type { Choices } from './choices.ts';
import { type Mail, readableMail, unacceptableMail, validMail } from './mail-kinds.ts';
import { type Account, type Outcome, Sender } from './sender.ts';

export interface Sent extends Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly outcome: Outcome;
}

export interface TrafficOptions {
  readonly relays: readonly TestRelay[];
  readonly accountsOf: (relay: TestRelay) => readonly Account[];
  readonly choices: Choices;
}

/** Between two messages of one sender; the eager one does not wait, so that it is soon over its limit. */
const pauseMs = { from: 200, to: 1_600 };

/** A steady mixed load: users of all relays write to each other, some of it impossible, and a stranger brings cleartext. */
export class Traffic {
  readonly sent: Sent[] = [];
  /** What logins were told that did not succeed. */
  readonly refusedLogins: string[] = [];
  readonly #options: TrafficOptions;
  readonly #addresses: readonly string[];
  #isOver = false;
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: TrafficOptions) {
    this.#options = options;
    this.#addresses = options.relays.flatMap((relay) => options.accountsOf(relay).map(({ address }) => address));
  }

  start(): void {
    const { relays, accountsOf, choices } = this.#options;
    const loops = relays.flatMap((relay, n) => [
      ...accountsOf(relay).map((account, m) =>
        this.#user(relay, account, { choices: choices.fork(100 * n + m), isEager: m === 0 }),
      ),
      this.#stranger(relay, choices.fork(100 * n + 99)),
    ]);
    this.#running = Promise.all(loops);
  }

  /** Resolves when the last message has its answer. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  async #user(
    relay: TestRelay,
    account: Account,
    { choices, isEager }: { choices: Choices; isEager: boolean },
  ): Promise<void> {
    while (!this.#isOver) {
      const sender = await Sender.open(relay.at(465), account);
      if (typeof sender === 'string') {
        this.refusedLogins.push(sender);
        await this.#pause(choices);
        continue;
      }
      await using _ = sender;
      for (let left = choices.integer(1, isEager ? 40 : 6); left > 0 && !this.#isOver; left -= 1) {
        const outcome = await this.#send(sender, account.address, choices);
        if (outcome.kind === 'unknown') break;
        if (!isEager) await this.#pause(choices);
      }
      if (isEager) await this.#pause(choices);
    }
  }

  async #send(sender: Sender, from: string, choices: Choices): Promise<Outcome> {
    const count = choices.pick([1, 1, 1, 2, 4]);
    const to = choices.shuffled(this.#addresses).slice(0, count);
    const envelope = { from, to: to.join('>, <') };
    const mail = choices.fraction() < 0.65 ? validMail(envelope) : unacceptableMail(envelope, choices);
    const isHalf = choices.fraction() < 0.05;
    const outcome = await sender.send(from, to, { text: mail.text, isHalf });
    this.sent.push({ ...mail, from, to, outcome });
    return outcome;
  }

  /** Another server, which brings what the relays' users do not want. */
  async #stranger(relay: TestRelay, choices: Choices): Promise<void> {
    const from = 'stranger@other.example';
    while (!this.#isOver) {
      const to = choices.pick(this.#addresses.filter((address) => address.endsWith(`@${relay.domain}`)));
      const mail = readableMail({ from, to }, choices);
      const outcome = await bring(relay.at(25), { from, to }, mail.text);
      this.sent.push({ ...mail, from, to: [to], outcome });
      await this.#pause(choices);
    }
  }

  async #pause(choices: Choices): Promise<void> {
    await delay(choices.integer(pauseMs.from, pauseMs.to));
  }
}

async function bring(where: Where, envelope: { from: string; to: string }, text: string): Promise<Outcome> {
  try {
    await using session = await IncomingSession.open(where);
    const reply = await session.deliver(envelope, Buffer.from(`${text}\r\n`, 'latin1'));
    return reply.startsWith('250') ? { kind: 'accepted' } : { kind: 'refused', reply };
  } catch {
    return { kind: 'unknown', wasComplete: true };
  }
}
