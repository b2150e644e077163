import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClassicServer, startClassicServer } from '../../src/classic-server.ts';
import { login, sendMail } from '../../src/conversation.ts';
import { IncomingSession } from '../../src/gate/incoming-session.ts';
import { cleartextMessage, encryptedMessage } from '../../src/messages.ts';
import { OtherDomain } from '../../src/other-domain.ts';
import { type TestRelay, startRelay } from '../../src/relay.ts';
import { startNetwork, type TestNetwork } from '../../src/test-network.ts';

const domain = '_dkim.test';
const alice = `alice0001@${domain}`;
const password = 'some-password';
const friend = 'friend@_classic.test';

let network: TestNetwork;
let relay: TestRelay;
let classic: ClassicServer;
let other: OtherDomain;

beforeAll(async () => {
  network = await startNetwork([domain, '_classic.test']);
  [relay, classic] = await Promise.all([
    startRelay({ domain, network, config: 'filter.workers = 1\ndkim.ed25519 = true' }),
    startClassicServer('_classic.test', network),
  ]);
  await (await login(relay.at(465), alice, password))[Symbol.asyncDispose]();
  other = new OtherDomain('_classic.test', network);
  await other.newKey();
});

afterAll(async () => {
  await Promise.all([relay[Symbol.asyncDispose](), classic[Symbol.asyncDispose]()]);
  await network[Symbol.asyncDispose]();
});

async function deliver(message: Buffer, { from = friend, to = alice } = {}): Promise<string> {
  await using session = await IncomingSession.open(relay.at(25));
  return await session.deliver({ from, to }, message);
}

describe('mail that leaves', () => {
  it('is signed with all keys, whose records `postern dns` prints, over exactly what arrives', async () => {
    await using session = await login(relay.at(465), alice, password);
    const envelope = { from: alice, to: friend };
    const headers = [
      'X-Mailer: gone',
      'References: <a@localhost>\r\n  <b@localhost>\r\n\t<c@localhost>',
      'In-Reply-To:',
      'Subject: gone too',
      'Cc: "A Name" <somebody@other.example>,\r\n <else@other.example>',
      'Chat-Version:    1.0  ',
    ];
    const message = await encryptedMessage(envelope, headers);
    expect(await sendMail(session, envelope, message)).toMatch(/^250 /);
    const [arrived = Buffer.alloc(0)] = await classic.inbox('friend');
    expect(await network.verifySignatures(arrived)).toEqual(['valid', 'valid']);
    expect(arrived.toString()).toMatch(/a=rsa-sha256;[^]*a=ed25519-sha256;/);
    expect(arrived.toString()).not.toMatch(/gone|A Name/);
    const forged = Buffer.concat([Buffer.from('Reply-To: <mallory@other.example>\r\n'), arrived]);
    expect((await network.verifySignatures(forged)).join()).not.toMatch(/(^|,)valid/);
  });
});

describe('mail from another server', () => {
  const plain = cleartextMessage({ from: friend, to: alice });

  it('is refused without a signature', async () => {
    expect(await deliver(Buffer.from(plain))).toBe('554 5.7.1 No DKIM signature found');
    const encrypted = await encryptedMessage({ from: friend, to: alice });
    expect(await deliver(Buffer.from(encrypted))).toBe('554 5.7.1 No DKIM signature found');
  });

  it('is refused with a signature that does not fit', async () => {
    const signed = await other.sign(plain);
    const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    for (const message of [
      Buffer.from(signed.toString().replace('readable', 'Readable')),
      Buffer.from(signed.toString().replace(friend, 'boss@other.test')),
      await other.sign(plain, { key }),
      await other.sign(plain, { selector: 'nosuch' }),
    ])
      expect(await deliver(message)).toBe('554 5.7.1 No valid DKIM signature found');
  });

  it.each(['relaxed/relaxed', 'simple/simple', 'relaxed/simple'])(
    'is taken with one in the form %s over 8-bit text, long lines, dots, folds and empty fields, and kept without it',
    async (canonicalization) => {
      const user = `${canonicalization.replace('/', '').slice(3, 12)}@${domain}`;
      await (await login(relay.at(465), user, password))[Symbol.asyncDispose]();
      const header = `From:  Ein  Freund <${friend}> (a  comment)\r\nTo: <${user}>\r\nSubject:   caf\xe9\r\n\t  twice   folded \r\nX-Empty:\r\nX-Blank:  \r\nReceived: from secret.example by _classic.test\r\nAuthentication-Results: _classic.test; secret\r\n`;
      const text = `.\r\n..\r\ncaf\xe9 \xff\x80\t \r\n${'x'.repeat(5_000)}\r\n \r\n\r\nend  of text\r\n\r\n\r\n`;
      const message = Buffer.from(`${header}\r\n${text}`, 'latin1');
      const signed = await other.sign(message, { canonicalization });
      expect(await deliver(signed, { to: user })).toMatch(/^250 /);
      const stored = await relay.inbox(user);
      expect(stored).toContain('twice   folded');
      expect(stored).not.toMatch(/dkim-signature|authentication-results|^received|secret/im);
    },
  );

  it('is taken when the record with the key is reached by another name', async () => {
    await network.publish('alias', 'alias._domainkey._classic.test. IN CNAME key._domainkey._classic.test.\n');
    expect(await deliver(await other.sign(plain, { selector: 'alias' }))).toMatch(/^250 /);
  });

  it('is deferred while DNS fails, and taken then', async () => {
    await other.newKey('late');
    const signed = await other.sign(plain, { selector: 'late' });
    await network.whileFailing('_classic.test', async () => {
      expect(await deliver(signed)).toMatch(/^451 4\.7\.5 /);
    });
    expect(await deliver(signed)).toMatch(/^250 /);
  });

  it('is asked to come again when the key was replaced under its name, and taken then', async () => {
    expect(await deliver(await other.sign(plain))).toMatch(/^250 /);
    await other.newKey();
    const signed = await other.sign(plain);
    expect(await deliver(signed)).toMatch(/^451 4\.7\.5 /);
    expect(await deliver(signed)).toMatch(/^250 /);
  });

  it('is taken with the null sender, a rewritten one, and parameters', async () => {
    const signed = await other.sign(plain);
    for (const from of ['', 'SRS0=HHH=TT=_classic.test=friend@forwarder.example', 'bounces+1=2@other.example'])
      expect(await deliver(signed, { from })).toMatch(/^250 /);
    await using session = await IncomingSession.open(relay.at(25));
    expect(await session.command(`MAIL FROM:<${friend}> SIZE=100 BODY=8BITMIME RET=HDRS ENVID=x`)).toMatch(/^250 /);
    expect(await session.command(`RCPT TO:<${alice}> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;x@y.example`)).toMatch(
      /^250 /,
    );
  });

  it('for nobody is answered by a signed report, but only to the author who signed', async () => {
    const to = `nobody001@${domain}`;
    const signed = await other.sign(cleartextMessage({ from: friend, to }));
    expect(await deliver(signed, { to, from: 'victim@_classic.test' })).toMatch(/^250 /);
    const proven = await other.sign(cleartextMessage({ from: 'author@_classic.test', to }));
    expect(await deliver(proven, { to, from: 'author@_classic.test' })).toMatch(/^250 /);
    const [report = Buffer.alloc(0)] = await classic.inbox('author');
    expect(report.toString()).toMatch(/multipart\/report/);
    expect(await network.verifySignatures(report)).toEqual(['valid', 'valid']);
    await expect.poll(() => relay.queue()).toBe('');
    await expect(classic.run(`grep -l '^Delivered-To: victim@' /mailboxes/all/new/*`)).rejects.toThrow('exit code');
  });

  it('is kept from nobody’s logs', async () => {
    expect(await relay.log()).not.toMatch(/@|classic\.test|friend|secret/);
  });
});
