import { createHmac } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Conversation } from '../../src/conversation.ts';
import { ImapClient } from '../../src/delivery/imap-client.ts';
import { IncomingSession } from '../../src/gate/incoming-session.ts';
import { cleartextMessage, encryptedMessage } from '../../src/messages.ts';
import { startRelay, testHost, type TestRelay } from '../../src/relay.ts';

const domain = '_imap.test';
const [alice, bob, carol] = [`alice0001@${domain}`, `bob000001@${domain}`, `carol0001@${domain}`];
const password = 'some-password';
const turnSecret = 'known to two servers';

/** What the client asks for when it has logged in (chatmail core src/imap.rs update_metadata()). */
const asked =
  '/shared/comment /shared/admin /shared/vendor/deltachat/irohrelay /shared/vendor/deltachat/turn /shared/vendor/deltachat/maxsmtprecipients /shared/vendor/deltachat/appversions';
const cleartext = '/private/vendor/postern/incoming-cleartext';

describe.each(['trixie', 'bookworm'] as const)('METADATA of a relay on %s', (suite) => {
  let turn: Socket;
  let relay: TestRelay;

  beforeAll(async () => {
    turn = createSocket('udp4');
    turn.on('message', (request: Buffer, peer) => turn.send(request.fill(1, 0, 2), peer.port, peer.address));
    turn.bind(0);
    await once(turn, 'listening');
    relay = await startRelay({
      domain,
      suite,
      config: [
        'mail.incoming_unsigned = "accept"',
        'operator.contact = "op@chat.example"',
        'clients.iroh_relay = "https://iroh.chat.example/"',
        'clients.app_versions = "/etc/hostname"', // not JSON
        `calls = { turn_host = "${testHost}", turn_port = ${turn.address().port}, turn_secret = "${turnSecret}" }`,
      ].join('\n'),
    });
  });
  afterAll(async () => {
    await relay[Symbol.asyncDispose]();
    turn.close();
  });

  const open = (name: string): Promise<ImapClient> =>
    ImapClient.open({ ...relay.at(993), secure: true }, { name, password });

  /** The value of an entry; nothing for NIL. */
  async function get(client: ImapClient, mailbox: string, entry: string): Promise<string | undefined> {
    const answer = (await client.command(`GETMETADATA ${mailbox} ${entry}`)).join('\n');
    const literal = /\(\S+ \{(\d+)\}\n/.exec(answer);
    if (literal === null) return undefined;
    const start = literal.index + literal[0].length;
    return answer.slice(start, start + Number(literal[1]));
  }

  it('is announced together with XCHATMAIL and XDELTAPUSH, before the login and after it', async () => {
    await using session = await Conversation.open(relay.at(993));
    const greeting = await session.reply();
    await session.say(`C: a CAPABILITY`);
    const before = await session.expect('* CAPABILITY');
    await session.say(`S: a OK`);
    await session.say(`C: b LOGIN ${alice} ${password}`);
    const after = await session.expect('* CAPABILITY');
    for (const line of [greeting, before, after]) {
      expect(line).toMatch(/ XCHATMAIL\b/);
      expect(line).toMatch(/ XDELTAPUSH\b/);
    }
    expect(after).toMatch(/ METADATA\b/);
  });

  it('tells clients of the relay, as they ask for it', async () => {
    await using client = await open(alice);
    const answer = (await client.command(`GETMETADATA "" (${asked})`)).join('\n');
    const offer = /\/turn \{\d+\}\n(\S+)/.exec(answer)?.[1] ?? '';
    const [host, port, until = '', credential] = offer.split(':');
    expect([host, port]).toEqual([testHost, String(turn.address().port)]);
    expect(Number(until) * 1_000 - Date.now()).toBeGreaterThan(86_400_000);
    expect(credential).toBe(createHmac('sha1', turnSecret).update(until).digest('base64'));
    expect(answer.replace(offer, 'OFFER')).toContain(
      [
        '* METADATA "" (/shared/comment NIL /shared/admin {22}',
        'mailto:op@chat.example /shared/vendor/deltachat/irohrelay {26}',
        `https://iroh.chat.example/ /shared/vendor/deltachat/turn {${offer.length}}`,
        'OFFER /shared/vendor/deltachat/maxsmtprecipients {4}',
        '1000 /shared/vendor/deltachat/appversions NIL)',
      ].join('\n'),
    );
    expect(await relay.run('postconf -h smtpd_recipient_limit')).toBe('1000\n');
    expect(await relay.log()).toContain('app-versions.unusable');
    await expect(client.command('SETMETADATA "" (/shared/admin "mailto:me@elsewhere.example")')).rejects.toThrow(/NO/);
  });

  it('keeps the device tokens of every client, said in either form', async () => {
    await using phone = await open(alice);
    await using tablet = await open(alice);
    await phone.command('SETMETADATA "INBOX" (/private/devicetoken "openpgp:AAAA")');
    await tablet.command('SETMETADATA "INBOX" (/private/devicetoken {12+}\r\nopenpgp:BBBB)');
    await phone.command('SETMETADATA "INBOX" (/private/devicetoken "openpgp:AAAA")');
    const tokens = await get(tablet, 'INBOX', '/private/devicetoken');
    expect(tokens?.split(' ').toSorted()).toEqual(['openpgp:AAAA', 'openpgp:BBBB']);
    for (const token of ['1111', `openpgp:${'A'.repeat(4_092)}`, 'openpgp:AAA']) {
      await expect(phone.command(`SETMETADATA INBOX (/private/devicetoken "${token}")`)).rejects.toThrow(/NO/);
    }
    await expect(phone.command('SETMETADATA INBOX (/private/comment "mine")')).rejects.toThrow(/NO/);
    await expect(phone.command('SETMETADATA INBOX (/private/vendor/postern/new-mail "")')).rejects.toThrow(/NO/);
    await phone.command('SETMETADATA "INBOX" (/private/devicetoken NIL)');
    expect(await get(tablet, 'INBOX', '/private/devicetoken')).toBeUndefined();
    expect(await relay.log()).not.toMatch(/openpgp:|not allowed/);
  });

  it('mixes nobody with anybody, when many set theirs at the same time', async () => {
    const names = Array.from({ length: 12 }, (_, at) => `crowd${String(at).padStart(4, '0')}@${domain}`);
    const clients = await Promise.all(names.map(open));
    const tokensOf = (at: number): string[] =>
      Array.from({ length: 8 }, (_, turn) => `openpgp:${String(at).padStart(4, 'A')}${String(turn).padStart(4, 'B')}`);
    await Promise.all(
      clients.map(async (client, at) => {
        for (const token of tokensOf(at)) {
          await client.command(`SETMETADATA INBOX (/private/devicetoken "${token}" ${cleartext} "refuse")`);
        }
      }),
    );
    const found = await Promise.all(clients.map((client) => get(client, 'INBOX', '/private/devicetoken')));
    for (const [at, tokens] of found.entries()) expect(tokens?.split(' ').toSorted()).toEqual(tokensOf(at));
    await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
  });

  it('lets a user refuse cleartext from outside, for their own address only', async () => {
    await using client = await open(bob);
    await using other = await open(carol);
    expect(await get(client, '""', cleartext)).toBe('accept');
    await client.command(`SETMETADATA "" (${cleartext} "refuse")`);
    expect(await get(client, '""', cleartext)).toBe('refuse');
    expect(await get(other, '""', cleartext)).toBe('accept');
    await expect(client.command(`SETMETADATA "" (${cleartext} "perhaps")`)).rejects.toThrow(/NO/);

    await using session = await IncomingSession.open(relay.at(25));
    const from = 'news@letters.example';
    const deliver = async (to: string, message: string): Promise<string> =>
      session.deliver({ from, to }, Buffer.from(message));
    expect(await deliver(bob, cleartextMessage({ from, to: bob }))).toMatch(/^523 5\.7\.1 Encryption Needed/);
    expect(await deliver(carol, cleartextMessage({ from, to: carol }))).toMatch(/^250 /);
    expect(await deliver(bob, await encryptedMessage({ from, to: bob }))).toMatch(/^250 /);
    expect(await relay.inbox(bob)).toContain('multipart/encrypted');
    expect(await relay.inbox(carol)).toContain('text/plain');

    await client.command(`SETMETADATA "" (${cleartext} NIL)`);
    expect(await deliver(bob, cleartextMessage({ from, to: bob }))).toMatch(/^250 /);
    expect(await relay.log()).not.toMatch(/ (Error|Warning|Fatal): /);
  });
});
