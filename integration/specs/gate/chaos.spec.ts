import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { audit, type Disturbance, type Footprint, footprints } from '../../src/chaos/audit.ts';
import { Choices } from '../../src/chaos/choices.ts';
import { allFaults } from '../../src/chaos/faults.ts';
import type { Account } from '../../src/chaos/sender.ts';
import { Traffic } from '../../src/chaos/traffic.ts';
import { login } from '../../src/conversation.ts';
import { startRelay, type TestRelay } from '../../src/relay.ts';
import { startNetwork, type TestNetwork } from '../../src/test-network.ts';

const seconds = Number(process.env['POSTERN_CHAOS_SECONDS'] ?? 60);
const seed = Number(process.env['POSTERN_CHAOS_SEED'] ?? randomInt(2 ** 32));
/** Mail that waited for something is tried again after seconds, then minutes: RFC 5321 §4.5.4.1. */
const drainMs = 240_000 + seconds * 1_000;
const domains = ['_chaos-a.test', '_chaos-b.test'];
const config = `
  mail.incoming_cleartext = "refuse"
  mail.incoming_unsigned = "accept"
  mail.max_message_bytes = 1000000
  limits.pacing_seconds = 1
  filter.workers = 2`;

const halfWritten = 'find /var/lib/postern/queue/incoming -type f ! -perm -u+x';

function accountsOf({ domain }: Pick<TestRelay, 'domain'>): Account[] {
  return [1, 2, 3, 4, 5].map((n) => ({ address: `user0000${n}@${domain}`, password: `password-${n}` }));
}

describe(`two relays in trouble (POSTERN_CHAOS_SEED=${seed}, ${seconds} s)`, () => {
  const choices = new Choices(seed);
  let network: TestNetwork;
  let relays: TestRelay[];

  beforeAll(async () => {
    network = await startNetwork(domains);
    relays = await Promise.all(domains.map((domain) => startRelay({ domain, network, config, dataMegabytes: 260 })));
    for (const relay of relays) {
      for (const { address, password } of accountsOf(relay))
        await (await login(relay.at(465), address, password))[Symbol.asyncDispose]();
    }
  });

  afterAll(async () => {
    await Promise.all(relays.map((relay) => relay[Symbol.asyncDispose]()));
    await network[Symbol.asyncDispose]();
  });

  it(
    'lose nothing, let nothing readable through, and double only what was under way',
    { timeout: 3 * drainMs },
    async () => {
      process.stdout.write(
        `chaos: POSTERN_CHAOS_SEED=${seed} POSTERN_CHAOS_SECONDS=${seconds} goes through this again\n`,
      );
      const atFirst = await Promise.all(relays.map(footprints));
      const traffic = new Traffic({ relays, accountsOf, choices: choices.fork(1) });
      traffic.start();
      const disturbances = await trouble();
      await traffic.stop();
      for (const relay of relays) {
        await expect.poll(() => relay.queue(), { timeout: drainMs, interval: 1_000 }).toBe('');
        // What a killed Postfix left half-written is in no queue, but may be readable: the relay removes it once all of
        // those daemons that were there have ended, which they do by themselves after a while, and now at once.
        await relay.run('postfix reload 2>&1');
        await expect.poll(() => relay.run(halfWritten), { timeout: 120_000, interval: 1_000 }).toBe('');
      }

      const count = (kind: string): number => traffic.sent.filter(({ outcome }) => outcome.kind === kind).length;
      process.stdout.write(
        `chaos: ${count('accepted')} accepted, ${count('refused')} refused, ${count('unknown')} cut off; ${traffic.refusedLogins.length} logins failed\n`,
      );
      expect(await audit(relays, traffic.sent, disturbances)).toEqual([]);
      expect(await complaintsAfterTampering(traffic, disturbances)).toEqual([
        expect.stringMatching(/: is in user/),
        expect.stringMatching(/: is not in user/),
        expect.stringMatching(/: is not in user/),
      ]);
      expect(count('accepted')).toBeGreaterThan(seconds);
      expect(traffic.refusedLogins.filter((reply) => reply.includes('535'))).toEqual([]);
      for (const [n, relay] of relays.entries()) {
        await expect.poll(() => leaks(relay, atFirst[n] ?? []), { timeout: 60_000, interval: 1_000 }).toEqual([]);
      }
    },
  );

  /** Would the audit have noticed? One message is moved to another mailbox, one is removed. */
  async function complaintsAfterTampering({ sent }: Traffic, disturbances: readonly Disturbance[]): Promise<string[]> {
    const [relay] = relays;
    const [one, other] = accountsOf({ domain: domains[0] ?? '' }).map(({ address }) => address);
    const [moved, removed] = sent.filter(
      ({ to, outcome }) => outcome.kind === 'accepted' && to.length === 1 && to[0] === one,
    );
    await relay?.run(
      `cd /var/lib/postern/mail && mv $(grep -rl ${moved?.id} ${one}) ${other}/Maildir/new/ && rm $(grep -rl ${removed?.id} ${one})`,
    );
    return (await audit(relays, sent, disturbances)).toSorted((a, b) =>
      a.slice(a.indexOf(': ')).localeCompare(b.slice(b.indexOf(': '))),
    );
  }

  /** One fault after another, at either relay, until the time is over. */
  async function trouble(): Promise<Disturbance[]> {
    const disturbances: Disturbance[] = [];
    const endsAt = performance.now() + seconds * 1_000;
    let deck = choices.shuffled(allFaults(choices));
    while (performance.now() < endsAt) {
      if (deck.length === 0) deck = choices.shuffled(allFaults(choices));
      const fault = deck.pop();
      const [relay, ...others] = choices.shuffled(relays);
      if (fault === undefined || relay === undefined) continue;
      const [lastsMs, pauseMs] = [choices.integer(500, 4_000), choices.integer(100, 1_000)];
      process.stdout.write(`chaos: ${relay.domain}: ${fault.name}, ${lastsMs} ms\n`);
      const from = Math.floor(Date.now() / 1000);
      await fault.begin(relay, others);
      await delay(lastsMs);
      await fault.end(relay, others);
      await delay(pauseMs);
      if (fault.mayDouble) disturbances.push({ from, to: Math.ceil(Date.now() / 1000) });
    }
    return disturbances;
  }
});

const [toleratedDescriptors, toleratedMegabytes] = [40, 150];

/** What our processes have more than before: whatever they keep for a message or a connection would be hundreds. */
async function leaks(relay: TestRelay, atFirst: readonly Footprint[]): Promise<string[]> {
  const ended = await relay.run(`grep -l '^State:.*Z' /proc/[0-9]*/status 2>/dev/null | wc -l`);
  const grown = (await footprints(relay))
    .filter(({ name, descriptors, megabytes }) => {
      const before = atFirst.find((footprint) => footprint.name === name);
      return (
        before === undefined ||
        descriptors > before.descriptors + toleratedDescriptors ||
        megabytes > before.megabytes + toleratedMegabytes
      );
    })
    .map(({ name, descriptors, megabytes }) => `${name}: ${descriptors} descriptors, ${Math.round(megabytes)} MB`);
  return ended.trim() === '0' ? grown : [...grown, `${ended.trim()} processes that nobody took note of`];
}
