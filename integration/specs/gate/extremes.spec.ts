import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Conversation, login, sendMail } from '../../src/conversation.ts';
import { IncomingSession } from '../../src/gate/incoming-session.ts';
import { encryptedMessage } from '../../src/messages.ts';
import { type TestRelay, startRelay } from '../../src/relay.ts';

const domain = '_large.test';
const [bob, carol] = [`bob000001@${domain}`, `carol0001@${domain}`];
const password = 'some-password';
const header = `From: Somebody <somebody@other.example>\r\nTo: <${bob}>\r\nSubject: as it was\r\nX-Kept: yes\r\n`;
let relay: TestRelay;

beforeAll(async () => {
  relay = await startRelay({
    domain,
    config: 'mail.incoming_unsigned = "accept"\nlimits.pacing_seconds = 0\nlimits.recipients_per_hour = 1500',
  });
  for (const address of [bob, carol]) await (await submission(address))[Symbol.asyncDispose]();
});

afterAll(async () => {
  await relay[Symbol.asyncDispose]();
});

function submission(address: string): Promise<Conversation> {
  return login(relay.at(465), address, password);
}

describe('a message', () => {
  it('to a thousand recipients passes once, and counts every one of them', async () => {
    await using session = await submission(carol);
    const to = Array.from({ length: 1_000 }, () => bob).map((address, n) => address.replace('bob', `b${n % 10}b`));
    await session.say(`
      C: MAIL FROM:<${carol}>
      S: 250`);
    session.send(to.map((address) => `RCPT TO:<${address}>\r\n`).join(''));
    for (const _ of to) await session.expect('250');
    await session.say(`
      C: RSET
      S: 250`);
    // That message was given up, so that it does not count; these do.
    for (let round = 0; round < 2; round += 1) {
      const message = await encryptedMessage({ from: carol, to: bob });
      const outcome = await sendMail(session, { from: carol, to: to.slice(0, 700) }, message);
      expect(outcome).toMatch(/^250/);
    }
    expect(await sendMail(session, { from: carol, to: to.slice(0, 200) }, 'x')).toMatch(
      /^450 4\.7\.1: Too much mail from carol0001@_large\.test, try again in \d+ seconds$/,
    );
  });

  it.each([
    ['8-bit text', Buffer.concat([Buffer.from('caf'), Buffer.from([0xe9, 0xff, 0x80]), Buffer.from('\r\n')])],
    ['lines of 5,000 characters', Buffer.from(`${'x'.repeat(5_000)}\r\n${'y'.repeat(2_049)}\r\n`)],
    ['lines with dots', Buffer.from('.\r\n..\r\n.x\r\n...\r\nend\r\n')],
    ['30 MB', Buffer.alloc(78 * 384_600, `${'0123456789'.repeat(7)}abcdef\r\n`)],
  ])('with %s arrives as it was sent', async (name, body) => {
    const user = `exact${String(name.length).padStart(4, '0')}@${domain}`;
    await (await submission(user))[Symbol.asyncDispose]();
    await using session = await IncomingSession.open(relay.at(25));
    const message = Buffer.concat([Buffer.from(header.replace(bob, user)), Buffer.from('\r\n'), body]);
    expect(await session.deliver({ from: 'somebody@other.example', to: user }, message)).toMatch(/^250 /);
    const folder = `/var/lib/postern/mail/${user}/Maildir/new`;
    await relay.eventually(`[ -n "$(ls ${folder})" ]`);
    const stored = await relay.run(`cat ${folder}/* | tr -d '\\r' | sed '1,/^$/d' | sha256sum`);
    const expected = createHash('sha256').update(body.toString('latin1').replaceAll('\r\n', '\n'), 'latin1');
    expect(stored.split(' ')[0]).toBe(expected.digest('hex'));
    expect(await relay.run(`cat ${folder}/* | head -50`)).toContain('X-Kept: yes');
  });
});
