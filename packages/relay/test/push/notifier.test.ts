import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addToken, tokensOf } from '../../src/push/device-tokens.ts';
import { type PushLimits, pushLimits } from '../../src/push/limits.ts';
import { Notifier, type PushEvent } from '../../src/push/notifier.ts';
import { PushQueue } from '../../src/push/queue.ts';
import type { Store } from '../../src/store/store.ts';
import { login, testRelay } from '../accounts/relay-fixture.ts';
import { temporaryStore } from '../store/temporary-store.ts';
import { answers, type Behaviour, NotificationStandIn, takes } from './stand-in.ts';

const alice = 'alice0001@chat.example';
const bob = 'bob000001@chat.example';
const token = 'openpgp:wcFMA0Zz';
const other = 'openpgp:d3d3d3c=';

describe('the notifier', () => {
  let store: Store;
  beforeEach(async () => {
    store = await temporaryStore();
    const { backend } = testRelay(store);
    for (const user of [alice, bob]) await backend.verify(login(user, 'long enough for anybody'));
    await backend.close();
  });
  afterEach(async () => {
    await store.close();
  });

  const add = (address: string, text: string): Promise<void> =>
    store.write((db) => addToken(db, { address, token: text, day: today() }));
  const tokens = (address: string): Promise<string[]> => store.read((db) => tokensOf(db, address, today()));

  const quick = { retrySeconds: [0], requestTimeoutMs: 300, storeRetryMs: 10, maxIdleMs: 200 };

  async function begin(limits: Partial<PushLimits> = quick) {
    const service = await NotificationStandIn.start();
    const events: PushEvent[] = [];
    const start = (): Notifier => {
      const notifier = new Notifier({
        store,
        url: `http://127.0.0.1:${service.port}/notify`,
        now: Date.now,
        onEvent: (event) => events.push(event),
        limits,
      });
      notifier.start();
      return notifier;
    };
    return { service, events, start };
  }
  const today = (): number => Math.floor(Date.now() / 86_400_000);

  it('posts each token, and nothing else', async () => {
    const { service, start } = await begin();
    await using _ = service;
    const notifier = start();
    await add(alice, token);
    await add(alice, other);
    await notifier.announce(alice);
    expect((await service.bodies(2)).toSorted()).toEqual([other, token]);
    const [request] = service.seen;
    expect(request?.line).toBe('POST /notify HTTP/1.1');
    expect(Object.keys(request?.headers ?? {}).toSorted()).toEqual([
      'connection',
      'content-length',
      'content-type',
      'host',
    ]);
    await notifier.stop();
  });

  const failures: Record<string, Behaviour> = {
    'answers 500': answers(500),
    'answers 404': answers(404),
    'sends elsewhere': (response) => response.writeHead(302, { Location: '/elsewhere' }).end(),
    hangs: () => {},
    'hangs up': (response) => response.socket?.destroy(),
    'talks garbage': (response) => response.socket?.end('not HTTP at all\r\n\r\n'),
    'sends headers without end': (response) => {
      response.socket?.write(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}`);
    },
  };
  for (const [name, failure] of Object.entries(failures)) {
    it(`tries again when the service ${name}, and says once that it is away`, async () => {
      const { service, events, start } = await begin();
      await using _ = service;
      service.behave = (response, request) => (service.seen.length < 3 ? failure : takes)(response, request);
      const notifier = start();
      await add(alice, token);
      await notifier.announce(alice);
      expect(await service.bodies(3)).toEqual([token, token, token]);
      await expect.poll(() => events.map(({ kind }) => kind)).toEqual(['push.unavailable', 'push.available']);
      await notifier.stop();
      expect(JSON.stringify(events)).not.toContain(token);
      expect(await new PushQueue(store, pushLimits).nextDue(0)).toBeUndefined();
      expect(await tokens(alice)).toEqual([token]);
    });
  }

  it('does not wait for an answer that has no end', async () => {
    const { service, start } = await begin();
    await using _ = service;
    service.behave = (response) => response.writeHead(200).write('and so on');
    const notifier = start();
    await add(alice, token);
    await notifier.announce(alice);
    await service.bodies(1);
    await notifier.announce(alice);
    expect(await service.bodies(2)).toEqual([token, token]);
    await notifier.stop();
  });

  it('does not mind that the service closes a connection that it had kept open', async () => {
    const { service, events, start } = await begin({ ...quick, retrySeconds: [3_600] });
    await using _ = service;
    const sockets = new Set<unknown>();
    service.behave = (response, request) => {
      const isReused = sockets.has(response.socket);
      sockets.add(response.socket);
      if (isReused) response.socket?.resetAndDestroy();
      else takes(response, request);
    };
    const notifier = start();
    await add(alice, token);
    for (const count of [1, 3, 5]) {
      await notifier.announce(alice);
      await service.bodies(count);
      await expect.poll(() => new PushQueue(store, pushLimits).nextDue(0)).toBeUndefined();
    }
    expect(events).toEqual([]);
    await notifier.stop();
  });

  it('forgets a device that is gone', async () => {
    const { service, start } = await begin();
    await using _ = service;
    service.behave = (response, { body }) =>
      answers(body === token ? 410 : 200)(response, { line: '', headers: {}, body });
    const notifier = start();
    await add(alice, token);
    await add(alice, other);
    await notifier.announce(alice);
    await service.bodies(2);
    await expect.poll(() => tokens(alice)).toEqual([other]);
    await notifier.stop();
  });

  it('takes up after a restart what it could not do before', async () => {
    const { service, events, start } = await begin({ ...quick, requestTimeoutMs: 60_000 });
    await using _ = service;
    await service.shut();
    const first = start();
    await add(alice, token);
    await add(bob, other);
    await first.announce(alice);
    await expect.poll(() => events.length).toBeGreaterThan(0);
    service.behave = () => {}; // hangs
    await service.open();
    await first.announce(bob);
    await service.bodies(2);
    await first.stop(); // while both are under way
    service.seen.length = 0;
    service.behave = takes;
    const second = start();
    expect((await service.bodies(2)).toSorted()).toEqual([other, token]);
    await second.stop();
  });

  it('has no more than eight requests under way', async () => {
    const { service, start } = await begin({ ...quick, requestTimeoutMs: 60_000 });
    await using _ = service;
    const waiting: (() => void)[] = [];
    service.behave = (response) => void waiting.push(() => response.writeHead(200).end());
    const many = Array.from({ length: 12 }, (_unused, at) => `openpgp:${String(at).padStart(4, 'A')}`);
    for (const text of many) await add(alice, text);
    const notifier = start();
    await notifier.announce(alice);
    await service.bodies(8);
    let most = 8;
    for (let answered = 0; answered < many.length; answered += 1) {
      await service.bodies(Math.min(answered + 8, many.length));
      most = Math.max(most, waiting.length);
      waiting.shift()?.();
    }
    await expect.poll(() => new PushQueue(store, pushLimits).nextDue(0)).toBeUndefined();
    expect(most).toBe(8);
    expect((await service.bodies(12)).toSorted()).toEqual(many.toSorted());
    await notifier.stop();
  });
});
