import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Conversation, login, sendMail } from '../../src/conversation.ts';
import { cleartextMessage, encryptedMessage, secretText } from '../../src/messages.ts';
import { type TestRelay, startRelay } from '../../src/relay.ts';

describe.each(['trixie', 'bookworm'] as const)('a relay on %s whose own processes are down', (suite) => {
  const domain = '_outage.test';
  const [alice, bob] = [`alice0001@${domain}`, `bob000001@${domain}`];
  const password = 'some-password';
  let relay: TestRelay;

  beforeAll(async () => {
    relay = await startRelay({ domain, suite });
    for (const address of [alice, bob]) await (await login(relay.at(465), address, password))[Symbol.asyncDispose]();
  });

  afterAll(async () => {
    await relay[Symbol.asyncDispose]();
  });

  /** Stops a service for good: the supervisor is halted first, so that it cannot bring it back. */
  async function withoutService(name: string, work: () => Promise<void>): Promise<void> {
    await relay.run(`pkill -STOP -f '[m]ain.js supervise' && pkill -KILL -f '[m]ain.js serve ${name}'`);
    try {
      await work();
    } finally {
      await relay.run(`pkill -CONT -f '[m]ain.js supervise'`);
    }
  }

  it('defers everything while the filter is down, and takes mail again when it is back', async () => {
    const envelope = { from: alice, to: bob };
    const messages = [await encryptedMessage(envelope), cleartextMessage(envelope)];
    await withoutService('filter', async () => {
      for (const reply of await attempt(envelope, messages)) expect(reply).toMatch(/^4\d\d /);
      expect(await relay.queue()).toBe('');
      expect(await relay.everythingStored()).not.toContain(secretText);
    });
    const replies = await attempt(envelope, messages);
    expect(replies).toEqual([expect.stringMatching(/^250 /), expect.stringMatching(/^523 /)]);
  });

  it('fails logins for now while the auth service is down, and loses no account', async () => {
    await withoutService('auth', async () => {
      await expect(login(relay.at(465), alice, password)).rejects.toThrow(/expected "235"|closed/);
    });
    await (await login(relay.at(465), alice, password))[Symbol.asyncDispose]();
    await expect(login(relay.at(465), alice, 'not-the-password')).rejects.toThrow(/535/);
    await using session = await Conversation.open(relay.at(993));
    await session.say(`
      S: * OK
      C: a LOGIN ${bob} ${password}
      S: a OK`);
  });

  /** Both messages in one session: Postfix waits for the filter once in each, and then answers in its place. */
  async function attempt(envelope: { from: string; to: string }, messages: readonly string[]): Promise<string[]> {
    const session = await login(relay.at(465), alice, password).catch(refusalIn);
    if (typeof session === 'string') return messages.map(() => session);
    await using _ = session;
    const replies: string[] = [];
    for (const message of messages) replies.push(await sendMail(session, envelope, message));
    return replies;
  }
});

/** Without its filter Postfix answers 454 to the login already. */
function refusalIn(error: unknown): string {
  const reply = /the server said "([^"]*)"/.exec(String(error))?.[1];
  if (reply === undefined) throw error;
  return reply;
}
