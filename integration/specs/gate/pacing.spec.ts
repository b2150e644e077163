import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChatClient } from '../../src/chat-client.ts';
import { type TestRelay, startRelay } from '../../src/relay.ts';
import { startNetwork, type TestNetwork } from '../../src/test-network.ts';

/**
 * Half of a minute's messages go at once, what is beyond that one by one. With POSTERN_BURST=200 it is so many messages
 * at the limit that relays have unless configured otherwise, which takes three minutes.
 */
const burst = Number(process.env['POSTERN_BURST'] ?? 0);
const [perMinute, messages] = burst > 0 ? [60, burst] : [40, 27];
const longestMs = 60_000 + (messages / perMinute) * 120_000;

describe('a burst from the real client', () => {
  let network: TestNetwork;
  let relay: TestRelay;
  let client: ChatClient;

  beforeAll(async () => {
    network = await startNetwork(['_paced.test']);
    relay = await startRelay({
      domain: '_paced.test',
      network,
      config: burst > 0 ? '' : `limits.messages_per_minute = ${perMinute}`,
    });
    client = await ChatClient.start(network);
  });

  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await relay[Symbol.asyncDispose]();
    await network[Symbol.asyncDispose]();
  });

  it(
    'arrives whole, late instead of failing, and keeps nobody else waiting',
    { timeout: 120_000 + 2 * longestMs },
    async () => {
      const [alice, bob, carol] = [
        await client.join('DCACCOUNT:_paced.test'),
        await client.join('DCACCOUNT:_paced.test'),
        await client.join('DCACCOUNT:_paced.test'),
      ];
      const [toBob, carolToBob] = [await alice.meet(bob), await carol.meet(bob)];
      const since = client.now;
      const startedAt = performance.now();
      const ids: number[] = [];
      for (let n = 0; n < messages; n += 1)
        ids.push(await alice.rpc.miscSendTextMessage(alice.id, toBob, `number ${n}`));
      const states = async (): Promise<number[]> =>
        await Promise.all(ids.map(async (id) => (await alice.rpc.getMessage(alice.id, id)).state));
      const outPending = 20;
      await expect
        .poll(async () => (await states()).filter((state) => state > outPending).length, { timeout: 60_000 })
        .toBeGreaterThan(perMinute / 2 - 3);
      // Alice is held by now. Carol is not.
      const carolAt = performance.now();
      expect(await carol.sendText(carolToBob, 'hello', bob)).toBeDefined();
      const carolMs = performance.now() - carolAt;
      expect((await states()).filter((state) => state <= outPending)).not.toEqual([]);
      const [outFailed, outDelivered] = [24, 26];
      await expect
        .poll(async () => (await states()).filter((state) => state >= outDelivered).length, {
          timeout: longestMs,
          interval: 500,
        })
        .toBe(messages);
      expect(await states()).not.toContain(outFailed);
      const texts = new Set<string>();
      await bob.waitFor('IncomingMsg', undefined, since);
      await expect
        .poll(
          async () => {
            for (const chat of await bob.rpc.getChatlistEntries(bob.id, null, null, null)) {
              for (const id of await bob.rpc.getMessageIds(bob.id, chat, false, false)) {
                texts.add((await bob.rpc.getMessage(bob.id, id)).text);
              }
            }
            return [...texts].filter((text) => text.startsWith('number ')).length;
          },
          { timeout: 60_000, interval: 500 },
        )
        .toBe(messages);
      if (burst > 0) {
        const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
        process.stdout.write(
          `burst: ${messages} messages were there after ${seconds(performance.now() - startedAt)}; somebody else's took ${seconds(carolMs)}\n`,
        );
      }
    },
  );
});
