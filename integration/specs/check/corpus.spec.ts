import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkCorpus } from '../../src/check/command.ts';
import { login } from '../../src/conversation.ts';
import { type TestRelay, startRelay } from '../../src/relay.ts';

describe('the corpus of tricks, submitted to a relay', () => {
  const alice = { address: 'alice0001@_corpus.test', password: 'alice-password' };
  let relay: TestRelay;

  beforeAll(async () => {
    relay = await startRelay({
      domain: '_corpus.test',
      config: 'limits.messages_per_minute = 10000\nlimits.pacing_seconds = 0\n',
    });
    await using session = await login(relay.at(465), alice.address, alice.password);
    await session.say('C: QUIT\nS: 221');
  });

  afterAll(async () => {
    await relay[Symbol.asyncDispose]();
  });

  it('lets no trick through and refuses nothing genuine', async () => {
    const { exitCode, results } = await checkCorpus(relay.at(465), alice);
    expect(results.filter(({ verdict }) => verdict !== 'right' && verdict !== 'repaired')).toEqual([]);
    expect(results.filter(({ isTrick }) => isTrick).length).toBeGreaterThanOrEqual(150);
    expect(results.filter(({ isTrick, code }) => !isTrick && code === 250).length).toBeGreaterThanOrEqual(60);
    expect(exitCode).toBe(0);
  });
});
