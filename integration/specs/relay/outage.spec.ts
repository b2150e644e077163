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
    for (const address of [alice, bob])
      await (await login(relay.ports.submission, address, password))[Symbol.asyncDispose]();
  });

  afterAll(async () => {
    await relay[Symbol.asyncDispose]();
  });

  /** Stops a service for good: the supervisor is halted first, so that it cannot bring it back. */
  async function withoutService(name: string, work: () => Promise<void>): Promise<void> {
    await relay.run(`pkill -STOP -f 'main.js supervise' && pkill -KILL -f 'main.js serve ${name}'`);
    try {
      await work();
    } finally {
      await relay.run(`pkill -CONT -f 'main.js supervise'`);
    }
  }

  it('defers everything while the filter is down, and takes mail again when it is back', async () => {
    const envelope = { from: alice, to: bob };
    const encrypted = await encryptedMessage(envelope);
    await withoutService('filter', async () => {
      for (const message of [encrypted, cleartextMessage(envelope)]) {
        const outcome = await attempt(envelope, message);
        expect(outcome).toMatch(/^4\d\d /);
      }
      expect(await relay.queue()).toBe('');
      expect(await relay.everythingStored()).not.toContain(secretText);
    });
    await expect.poll(() => attempt(envelope, encrypted), { timeout: 30_000 }).toMatch(/^250 /);
    expect(await attempt(envelope, cleartextMessage(envelope))).toMatch(/^523 /);
  });

  it('fails logins for now while the auth service is down, and loses no account', async () => {
    await withoutService('auth', async () => {
      await expect(login(relay.ports.submission, alice, password)).rejects.toThrow(/expected "(220|235)"|closed/);
    });
    await expect
      .poll(() => login(relay.ports.submission, alice, password).then(() => 'in', String), { timeout: 30_000 })
      .toBe('in');
    await expect(login(relay.ports.submission, alice, 'not-the-password')).rejects.toThrow(/535/);
    await using session = await Conversation.open(relay.ports.imap);
    await session.say(`
      S: * OK
      C: a LOGIN ${bob} ${password}
      S: a OK`);
  });

  async function attempt(envelope: { from: string; to: string }, message: string): Promise<string> {
    try {
      await using session = await login(relay.ports.submission, alice, password);
      return await sendMail(session, envelope, message);
    } catch (error) {
      // Refused before or at the login: the reply is in the message.
      return /said "(4\d\d .*)"/.exec(String(error))?.[1] ?? String(error);
    }
  }
});
