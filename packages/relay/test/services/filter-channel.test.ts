import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { fromWorker, Outbox, toWorker } from '../../src/services/filter-channel.ts';

describe('the outbox between a worker and the main process', () => {
  it('says all of one turn at once, what came of waiting for each other included', async () => {
    const sent: (readonly string[])[] = [];
    const outbox = new Outbox<string>((messages) => sent.push(messages));
    outbox.say('first');
    outbox.say('second');
    await nextTurn();
    void Promise.resolve().then(async () => {
      outbox.say('third');
      await Promise.resolve();
      outbox.say('fourth');
    });
    await nextTurn();
    expect(sent).toEqual([
      ['first', 'second'],
      ['third', 'fourth'],
    ]);
  });

  it('can be emptied before, and then says nothing twice', async () => {
    const sent: (readonly string[])[] = [];
    const outbox = new Outbox<string>((messages, done) => {
      sent.push(messages);
      done();
    });
    outbox.say('last');
    await new Promise<void>((resolve) => outbox.flush(resolve));
    await new Promise<void>((resolve) => outbox.flush(resolve));
    await nextTurn();
    expect(sent).toEqual([['last']]);
  });
});

describe('what comes over the channel', () => {
  it('is a list, of which nothing strange is taken', () => {
    const settled = { kind: 'settle', allowance: 1, spent: null };
    expect(fromWorker([settled, { kind: 'permission' }, null, 'settle', { kind: 7 }])).toEqual([settled]);
    expect(toWorker([{ kind: 'stop' }, settled])).toEqual([{ kind: 'stop' }]);
    for (const strange of [undefined, null, 'stop', { kind: 'stop' }]) {
      expect(fromWorker(strange)).toEqual([]);
      expect(toWorker(strange)).toEqual([]);
    }
  });
});
