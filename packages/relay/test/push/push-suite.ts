import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Administration } from '../../src/accounts/administration.ts';
import { addToken, removeOldTokens, removeTokens, tokensOf } from '../../src/push/device-tokens.ts';
import { pushLimits } from '../../src/push/limits.ts';
import { keyOf, PushQueue } from '../../src/push/queue.ts';
import type { Store } from '../../src/store/store.ts';
import { login, testRelay, testSecrets, testSettings } from '../accounts/relay-fixture.ts';

const alice = 'alice0001@chat.example';
const bob = 'bob000001@chat.example';
const token = 'openpgp:wcFMA0Zz';
const other = 'openpgp:d3d3d3c=';
const nobody = new Map<string, unknown>();

/** @param open makes a new, empty store. */
export function describePush(where: string, open: () => Promise<Store>): void {
  describe(`pushes in ${where}`, () => {
    let store: Store;

    beforeEach(async () => {
      store = await open();
      const { backend } = testRelay(store);
      for (const user of [alice, bob]) await backend.verify(login(user, 'long enough for anybody'));
      await backend.close();
    });
    afterEach(async () => {
      await store.close();
    });

    const add = (address: string, text: string, day = 100): Promise<void> =>
      store.write((db) => addToken(db, { address, token: text, day }));
    const tokens = (address: string, day = 100): Promise<string[]> => store.read((db) => tokensOf(db, address, day));

    describe('device tokens', () => {
      it('are kept for several devices of one account, and once each', async () => {
        for (const text of [token, other, token]) await add(alice, text);
        expect((await tokens(alice)).toSorted()).toEqual([other, token]);
        expect(await tokens(bob)).toEqual([]);
      });

      it('expire ninety days after a device said them last', async () => {
        await add(alice, token, 100);
        await add(alice, other, 100);
        await add(alice, other, 101);
        expect(await tokens(alice, 189)).toHaveLength(2);
        expect(await tokens(alice, 190)).toEqual([other]);
        await store.write((db) => removeOldTokens(db, 190));
        expect(await tokens(alice, 101)).toEqual([other]);
      });

      it('are twenty for one account at most: what is said now stays, what was said longest ago goes', async () => {
        const many = Array.from({ length: 25 }, (_, at) => `openpgp:${String(at).padStart(4, 'A')}`);
        for (const [at, text] of many.entries()) await add(alice, text, 100 + Math.floor(at / 3));
        expect((await tokens(alice)).toSorted()).toEqual(many.slice(5).toSorted());
        for (const text of many) await add(bob, text);
        expect(await tokens(bob)).toHaveLength(20);
        expect(await tokens(bob)).toContain(many.at(-1));
      });

      it('go with the account, and when the user says so', async () => {
        await add(alice, token);
        await add(bob, token);
        const { backend: _, ...fixture } = testRelay(store);
        const options = {
          store,
          settings: testSettings,
          secrets: testSecrets,
          random: (size: number) => Buffer.alloc(size),
          endSessions: async () => {},
          settle: async () => {},
        };
        await new Administration({ ...options, now: () => fixture.clock.now }).remove(alice, { keepMail: true });
        expect(await tokens(alice)).toEqual([]);
        expect(await tokens(bob)).toEqual([token]);
        await store.write((db) => removeTokens(db, bob));
        expect(await store.read((db) => db.selectFrom('device_tokens').selectAll().execute())).toEqual([]);
        await expect(add(alice, token)).rejects.toMatchObject({ name: 'StoreError' });
      });
    });

    describe('the queue', () => {
      it('has one push for each device, however many messages come', async () => {
        const queue = new PushQueue(store, pushLimits);
        await add(alice, token);
        await add(alice, other);
        expect(await queue.announce(alice, 1_000)).toBe(true);
        expect(await queue.announce(alice, 1_000)).toBe(false);
        expect(await queue.announce(bob, 1_000)).toBe(false);
        const claimed = await queue.claim(1_000, 10, nobody);
        expect(claimed.map((push) => push.token).toSorted()).toEqual([other, token]);
        for (const push of claimed) await queue.settle(push, 'done', 1_001);
        expect(await queue.claim(9_999, 10, nobody)).toEqual([]);
      });

      it('gives a push to one of two processes, and to the other when the first has died', async () => {
        const queues = [new PushQueue(store, pushLimits), new PushQueue(store, pushLimits)];
        await add(alice, token);
        await queues[0]?.announce(alice, 1_000);
        const claimed = await Promise.all(queues.map((queue) => queue.claim(1_000, 10, nobody)));
        expect(claimed.flat()).toHaveLength(1);
        expect(await queues[1]?.claim(1_029, 10, nobody)).toEqual([]);
        expect(await queues[1]?.claim(1_030, 10, nobody)).toHaveLength(1);
      });

      it('tells of a message that came while an earlier one was being told of, after that', async () => {
        const queue = new PushQueue(store, pushLimits);
        await add(alice, token);
        await queue.announce(alice, 1_000);
        const [first] = await queue.claim(1_000, 10, nobody);
        if (first === undefined) throw new Error('there is no push');
        expect(await queue.announce(alice, 1_001)).toBe(true);
        expect(await queue.claim(1_001, 10, new Map([[keyOf(first), true]]))).toEqual([]);
        await queue.settle(first, 'done', 1_002);
        const [second] = await queue.claim(1_002, 10, nobody);
        expect(second).toMatchObject({ token, tries: 0 });
      });

      it('waits longer after each failure, and gives up after five hours', async () => {
        const queue = new PushQueue(store, pushLimits);
        await add(alice, token);
        await queue.announce(alice, 0);
        const waits: number[] = [];
        for (let now = 0; ;) {
          const [push] = await queue.claim(now, 10, nobody);
          if (push === undefined) break;
          await queue.settle(push, 'failed', now);
          const due = (await queue.nextDue(now)) ?? Infinity;
          waits.push(due - now);
          now = due;
        }
        expect(waits).toEqual([8, 60, 300, 1_200, 3_600, 3_600, 3_600, 3_600, 3_600]);
        expect(await queue.nextDue(0)).toBeUndefined();
        expect(await tokens(alice)).toEqual([token]);
      });

      it('tries what is new before what failed, and what was interrupted as if it had not been', async () => {
        const queue = new PushQueue(store, pushLimits);
        await add(alice, token);
        await add(bob, other);
        await queue.announce(alice, 0);
        for (const push of await queue.claim(0, 10, nobody)) await queue.settle(push, 'failed', 0);
        await queue.announce(bob, 20);
        const both = await queue.claim(20, 10, nobody);
        expect(both.map(({ address, tries }) => [address, tries])).toEqual([
          [bob, 0],
          [alice, 1],
        ]);
        for (const push of both) await queue.settle(push, 'interrupted', 20);
        expect(await queue.claim(20, 1, nobody)).toEqual(both.slice(0, 1));
      });
    });
  });
}
