import { randomBytes, randomUUID } from 'node:crypto';
import { createMessage, encrypt } from 'openpgp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { login, sendMail } from '../../src/conversation.ts';
import { wrapArmored } from '../../src/messages.ts';
import { startRelay, type TestRelay } from '../../src/relay.ts';
import { Mailbox, password } from '../../src/storage/mailbox.ts';

const domain = '_room.test';
const config = `
limits.messages_per_minute = 1000
mail.max_message_bytes = 100000
keep.mailbox_mb = 1
keep.evict_to_percent = 50`;

describe.each(['trixie', 'bookworm'] as const)('a mailbox on %s that fills up', (suite) => {
  let relay: TestRelay;
  let armored: string;
  beforeAll(async () => {
    relay = await startRelay({ domain, suite, config });
    const message = await createMessage({ binary: randomBytes(50_000) });
    armored = await encrypt({ message, passwords: randomUUID(), format: 'armored' });
  });
  afterAll(() => relay[Symbol.asyncDispose]());

  const addressOf = (name: string): string => `${name}@${domain}`;
  const open = (name: string): Promise<Mailbox> => Mailbox.open(relay, addressOf(name));

  /** Sends messages of 70,000 bytes. @returns their ids. */
  async function send(to: string, count: number): Promise<string[]> {
    const envelope = { from: addressOf('sender001'), to: addressOf(to) };
    await using session = await login(relay.at(465), envelope.from, password);
    const ids: string[] = [];
    for (let n = 0; n < count; n += 1) {
      const message = wrapArmored(armored, envelope);
      expect(await sendMail(session, envelope, message)).toMatch(/^250 /);
      ids.push(/^Message-ID: (\S+)/m.exec(message)?.[1] ?? '');
    }
    return ids;
  }

  it('loses its oldest mail and none of the new, while mail comes in and a client waits', async () => {
    await using waiting = await open('alice0001');
    await using reader = await open('alice0001');
    const ages = [9, 8, 7, 6, 5, 4, 3];
    await reader.store(...ages.map((ageDays) => ({ ageDays, bytes: 100_000 })));
    await waiting.client.idle();
    const sent = await send('alice0001', 8);
    expect(await waiting.client.notified(/EXPUNGE/)).toMatch(/^\* \d EXPUNGE$/);
    await expect.poll(() => relay.run('postqueue -f; postqueue -j')).toBe('');
    expect((await reader.fields('Message-ID')).toSorted()).toEqual(sent.toSorted());
    const kept = await reader.fields('Subject').then((all) => all.filter((subject) => subject.endsWith('days old')));
    expect(kept).toEqual(ages.slice(ages.length - kept.length).map((age) => `${age} days old`));
    expect(kept.length).toBeLessThan(7);
  });

  it('loses no mail of the last day: what does not fit waits at its sender until there is room', async () => {
    await using reader = await open('carol0001');
    const arrived = (): Promise<string[]> => reader.fields('Message-ID');
    const sent = await send('carol0001', 13);
    await expect.poll(async () => (await arrived()).length).toBe(13);
    // One after the other: several that come at the same moment each see the room that there was before.
    await expect
      .poll(async () => {
        sent.push(...(await send('carol0001', 1)));
        await expect.poll(async () => (await arrived()).length + count(await relay.queue())).toBe(sent.length);
        return await relay.queue();
      })
      .toContain('452 4.2.2');
    const report = await relay.run(`postern expire ${addressOf('carol0001')}`);
    expect(report).toMatch(/^0 messages too old removed [^]* 0 messages removed to make room [^]* 1 stay too full/m);
    const first = await arrived();
    expect(first.toSorted()).toEqual(sent.slice(0, first.length).toSorted());
    await reader.client.command('SELECT INBOX');
    await reader.client.command('STORE 1:5 +FLAGS (\\Deleted)');
    await reader.client.command('EXPUNGE');
    await expect.poll(() => relay.run('postqueue -f; postqueue -j')).toBe('');
    await expect.poll(async () => new Set([...first, ...(await arrived())])).toEqual(new Set(sent));
  });

  it('tells its user how much room there is', async () => {
    await using reader = await open('carol0001');
    expect((await reader.client.command('GETQUOTAROOT INBOX')).join('\n')).toMatch(/\(STORAGE \d+ 97\d\)/);
  });
});

/** Postfix lists a message a line. */
function count(queue: string): number {
  return queue.split('\n').filter((line) => line !== '').length;
}
