import type { Suite } from '@postern/docker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { login, sendMail } from '../conversation.ts';
import { ImapClient } from '../delivery/imap-client.ts';
import { areAwake } from '../delivery/notification.ts';
import { encryptedMessage } from '../messages.ts';
import { startRelay, type TestRelay } from '../relay.ts';

/** Whoever is blocked or deleted is out at once, and nobody else notices: on the Dovecot of either Debian. */
export function describeSessions(suite: Suite, version: string): void {
  describe(`an operator who puts somebody out, with Dovecot ${version}`, () => {
    let relay: TestRelay;
    beforeAll(async () => {
      relay = await startRelay({ domain: 'chat.example', suite });
    });
    afterAll(() => relay[Symbol.asyncDispose]());

    const password = 'correct horse battery';
    const open = (local: string): Promise<ImapClient> =>
      ImapClient.open({ ...relay.at(993), secure: true }, { name: `${local}@chat.example`, password });
    /** Clients that wait, of which Dovecot keeps only one process for all. */
    const hibernating = async (...locals: readonly string[]): Promise<ImapClient[]> => {
      const clients = await Promise.all(locals.map(open));
      for (const client of clients) await client.idle();
      await relay.eventually(areAwake(0));
      return clients;
    };

    it('ends what somebody has open by blocking them, hibernated or not', async () => {
      const [waiting, neighbour] = await hibernating('blocked01', 'neighbour');
      await using active = await open('blocked01');
      const out = Promise.all([waiting?.notified(/never/), active.notified(/never/)].map((end) => end?.catch(String)));
      expect(await relay.run('postern accounts block blocked01@chat.example')).toBe(
        'blocked01@chat.example: blocked\n',
      );
      expect(await out).toEqual(Array.from({ length: 2 }, () => expect.stringMatching(/closed|reset/i)));
      await expect(open('blocked01')).rejects.toThrow(/NO \[ALERT\]|AUTHENTICATIONFAILED/);
      await neighbour?.endIdle();
      await neighbour?.command('NOOP');
      await neighbour?.[Symbol.asyncDispose]();
      expect(await relay.run('doveadm who -1 blocked01@chat.example | tail -n +2')).toBe('');
      expect(await relay.run('postern accounts delete --yes blocked01@chat.example 2>&1')).toBe('1 of 1 deleted.\n');
    });

    it('ends what somebody has open by deleting them, and leaves no mailbox behind', async () => {
      const [waiting, neighbour] = await hibernating('deleted01', 'neighbour');
      const out = waiting?.notified(/never/).catch(String);
      await relay.run('postern accounts delete --yes deleted01@chat.example');
      expect(await out).toMatch(/closed|reset/i);
      await expect(open('deleted01')).rejects.toThrow(/NO /);
      await neighbour?.endIdle();
      await neighbour?.[Symbol.asyncDispose]();
      expect(await relay.run('ls /var/lib/postern/mail | grep -c deleted01 || true')).toBe('0\n');
    });

    it('lets nobody send any more in a session that was open before, and says why', async () => {
      const to = 'neighbour@chat.example';
      const [blocked, deleted] = ['sending01@chat.example', 'sending02@chat.example'];
      await using session = await login(relay.at(465), blocked, password);
      await using other = await login(relay.at(465), deleted, password);
      const send = async (over: typeof session, from: string): Promise<string> =>
        await sendMail(over, { from, to }, await encryptedMessage({ from, to }));
      expect(await send(session, blocked)).toMatch(/^250 /);
      expect(await send(other, deleted)).toMatch(/^250 /);
      // A message whose recipient was accepted before the block is not accepted after it, however long it takes.
      await using slow = await login(relay.at(465), blocked, password);
      await slow.say(`
        C: MAIL FROM:<${blocked}>
        S: 250
        C: RCPT TO:<${to}>
        S: 250
        C: DATA
        S: 354`);
      await relay.run(`postern accounts block --reason 'Please write to us' ${blocked}`);
      slow.send(`${await encryptedMessage({ from: blocked, to })}.\r\n`);
      expect(await slow.reply()).toBe('550 5.7.13 This account is blocked: Please write to us');
      expect(await send(session, blocked)).toBe('550 5.7.13 This account is blocked: Please write to us');
      await relay.run(`postern accounts delete --yes ${deleted}`);
      expect(await send(other, deleted)).toBe('550 5.7.1 This account does not exist any more');
      await relay.run(`postern accounts unblock ${blocked}`);
      expect(await send(session, blocked)).toMatch(/^250 /);
    });

    it('keeps out a login that was accepted, and whose mail process comes for it after the block', async () => {
      const tardy = 'tardy-001@chat.example';
      // All that could take a client over, those among them that Dovecot was just starting.
      await relay.eventually('{ pkill -STOP -x imap; sleep 0.3; pgrep -x imap >&2 && ! pgrep -x -r S,R,D imap >&2; }');
      const outcome = open('tardy-001').then(() => 'in', String);
      // Once there is an account the login was right; one of those that are stopped is to take the client over.
      await relay.eventually(`postern accounts show ${tardy} >/dev/null 2>&1`);
      await relay.run(`postern accounts block ${tardy}`);
      await relay.run('pkill -CONT -x imap');
      expect(await outcome).toMatch(/LOGIN: \S+ NO|BYE|closed|reset/);
    });

    it('is told when the secret was replaced, and the relay waits for the right one', async () => {
      await relay.run(
        'cd /var/lib/postern && mv secret.key right.key && head -c 32 /dev/urandom >secret.key && chown postern: secret.key',
      );
      await expect(relay.run('postern accounts list --count')).rejects.toThrow(/secret\.key: is not the secret/);
      await relay.run('pkill -f "[m]ain.js serve auth"');
      await expect.poll(() => relay.log()).toMatch(/secret\.key: is not the secret/);
      await relay.run('cd /var/lib/postern && mv right.key secret.key');
      await expect.poll(() => open('neighbour').then(() => 'in', String)).toBe('in');
    });
  });
}
