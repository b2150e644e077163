import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Conversation, login, sendMail } from '../../src/conversation.ts';
import { cleartextMessage, encryptedMessage, secretText, wrapArmored } from '../../src/messages.ts';
import { type TestRelay, startRelay } from '../../src/relay.ts';

const debian = { trixie: 'Debian 13', bookworm: 'Debian 12' } as const;

describe.each(['trixie', 'bookworm'] as const)('a relay on %s', (suite) => {
  const domain = '_gate.test';
  const alice = { address: `alice0001@${domain}`, password: 'alice-password' };
  const bob = { address: `bob000001@${domain}`, password: 'bob-password' };
  let relay: TestRelay;

  beforeAll(async () => {
    relay = await startRelay({ domain, suite, config: 'limits.pacing_seconds = 0' });
    for (const { address, password } of [alice, bob]) {
      await using session = await login(relay.at(465), address, password);
      await session.say('C: QUIT\nS: 221');
    }
  });

  afterAll(async () => {
    await relay[Symbol.asyncDispose]();
  });

  it(`runs on what ${debian[suite]} ships`, async () => {
    expect(await relay.run('dovecot --version')).toMatch(suite === 'trixie' ? /^2\.4\./ : /^2\.3\./);
  });

  describe('outgoing mail', () => {
    const envelope = { from: alice.address, to: bob.address };

    it('passes when it is encrypted, without what its headers would tell', async () => {
      await using session = await login(relay.at(465), alice.address, alice.password);
      const talkative = [
        'X-Mailer: Secret/1.0',
        'User-Agent: Secret',
        'Received: from 192.0.2.9',
        'Received: from 192.0.2.9\r\n\tby secret.example (Postfix) with ESMTPSA id secret1; Mon, 23 Nov 2026 01:00:00 +0000',
        'X-Originating-IP: 192.0.2.9',
      ];
      const message = (await encryptedMessage(envelope, talkative)).replace(
        'Subject: [...]',
        'Subject: plans\r\nsubject: more',
      );
      expect(await sendMail(session, envelope, message)).toMatch(/^250 /);
      const stored = await relay.inbox(bob.address);
      expect(stored).toContain('-----BEGIN PGP MESSAGE-----');
      expect(stored).not.toMatch(/Secret|192\.0\.2\.9|plans|more|x-mailer|user-agent/i);
      expect(stored.match(/^subject: \[\.\.\.\]\r?$/gim)).toHaveLength(2);
      expect(stored).not.toMatch(/^received:/im);
      expect(stored).not.toMatch(/\d+\.\d+\.\d+\.\d+|client\.example|authenticated/i);
    });

    it.each([
      ['plain text', cleartextMessage(envelope)],
      [
        'the shape of encrypted mail with nothing in it',
        wrapArmored('-----BEGIN PGP MESSAGE-----\n\n-----END PGP MESSAGE-----', envelope),
      ],
      [
        'text in front of the encrypted part',
        wrapArmored(`${secretText}\n-----BEGIN PGP MESSAGE-----\n\nwy4E\n-----END PGP MESSAGE-----`, envelope),
      ],
      [
        'only the first part, and text in the preamble',
        `From: <${alice.address}>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=b\r\n\r\n${secretText}\r\n--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--b--\r\n`,
      ],
      [
        'a SecureJoin header over free text',
        cleartextMessage(envelope).replace('Subject:', 'Secure-Join: vc-request\r\nSubject:'),
      ],
    ])('is refused when it is %s', async (_, message) => {
      await using session = await login(relay.at(465), alice.address, alice.password);
      for (const to of [bob.address, 'somebody@elsewhere.example']) {
        expect(await sendMail(session, { from: alice.address, to }, message)).toBe(
          '523 5.7.1 Encryption Needed: Invalid Unencrypted Mail',
        );
      }
      expect(await relay.queue()).toBe('');
      expect(await relay.everythingStored()).not.toContain(secretText);
    });

    it('is refused in another name: in the envelope', async () => {
      await using session = await login(relay.at(465), alice.address, alice.password);
      await session.say(`
        C: MAIL FROM:<${bob.address}>
        S: 250
        C: RCPT TO:<${bob.address}>
        S: 553 5.7.1
        C: RSET
        S: 250
        C: MAIL FROM:<>
        S: 250
        C: RCPT TO:<${bob.address}>
        S: 553 5.7.1`);
    });

    it('is refused in another name: in the header', async () => {
      await using session = await login(relay.at(465), alice.address, alice.password);
      const message = await encryptedMessage(envelope);
      for (const from of [
        `From: <${bob.address}>`,
        `From: <${alice.address}>, <${bob.address}>`,
        `From: <${alice.address}>\r\nFrom: <${bob.address}>`,
        'X-From: nobody',
      ]) {
        expect(await sendMail(session, envelope, message.replace(`From: <${alice.address}>`, from))).toMatch(
          /^500 5\.7\.1 Invalid FROM/,
        );
      }
      expect(await sendMail(session, envelope, message.replace('From: <alice0001@', 'From: "Al" <ALICE0001@'))).toMatch(
        /^250 /,
      );
    });

    it('comes back without its text when there is no such recipient', async () => {
      const dora = { address: `dora00001@${domain}`, password: 'dora-password' };
      const toNobody = { from: dora.address, to: `nobody001@${domain}` };
      await using session = await login(relay.at(465), dora.address, dora.password);
      const message = await encryptedMessage(toNobody);
      expect(await sendMail(session, toNobody, message)).toMatch(/^250 /);
      const bounce = await relay.inbox(dora.address);
      expect(bounce).toContain(/^Message-ID: (.*)$/m.exec(message)?.[1]?.trim());
      expect(bounce).toContain('User');
      expect(bounce).not.toContain('BEGIN PGP MESSAGE');
    });

    it('needs a login', async () => {
      await using session = await Conversation.open(relay.at(465));
      await session.say(`
        S: 220
        C: EHLO client.example
        S: 250
        C: MAIL FROM:<${alice.address}>
        S: 250
        C: RCPT TO:<${bob.address}>
        S: 553 5.7.1`);
    });
  });

  it('takes sixty messages a minute from one account, and the sixty-first later', async () => {
    const carol = { address: `carol0001@${domain}`, password: 'carol-password' };
    await using session = await login(relay.at(465), carol.address, carol.password);
    const envelope = { from: carol.address, to: bob.address };
    const message = await encryptedMessage(envelope);
    for (let n = 0; n < 60; n += 1) expect(await sendMail(session, envelope, message)).toMatch(/^250 /);
    await session.say(`
      C: MAIL FROM:<${carol.address}>
      S: 250
      C: RCPT TO:<${bob.address}>
      S: 450 4.7.1: Too much mail from ${carol.address}, try again in
      C: RSET
      S: 250`);
    await using other = await login(relay.at(465), alice.address, alice.password);
    const fromAlice = { from: alice.address, to: bob.address };
    expect(await sendMail(other, fromAlice, await encryptedMessage(fromAlice))).toMatch(/^250 /);
  });

  describe('a first login', () => {
    async function imap(user: string, password: string): Promise<string> {
      await using session = await Conversation.open(relay.at(993));
      await session.expect('* OK');
      session.send(`a LOGIN "${user}" "${password}"\r\n`);
      for (;;) {
        const line = await session.reply();
        if (line.startsWith('a ')) return line;
      }
    }

    it('creates the account by IMAP, and only its password opens it from then on', async () => {
      expect(await imap(`dave00001@${domain}`, 'dave-password')).toMatch(/^a OK.* XCHATMAIL/);
      expect(await imap(`dave00001@${domain}`, 'another-password')).toMatch(/^a NO \[AUTHENTICATIONFAILED\]/);
      expect(await imap(`dave00001@${domain}`, 'dave-password')).toMatch(/^a OK/);
    });

    it('creates one account when IMAP and SMTP come at once', async () => {
      const user = `erin00001@${domain}`;
      const attempts = [1, 2, 3, 4].map((n) => [
        imap(user, `erin-password-${n}`).then((line) => line.startsWith('a OK')),
        login(relay.at(465), user, `erin-password-${n}`).then(
          (session) => session[Symbol.asyncDispose]().then(() => true),
          () => false,
        ),
      ]);
      const results = await Promise.all(attempts.map((pair) => Promise.all(pair)));
      expect(results.filter(([byImap]) => byImap)).toHaveLength(1);
      expect(results.filter(([, bySmtp]) => bySmtp)).toHaveLength(1);
      const winner = results.findIndex(([byImap]) => byImap);
      expect(results[winner]).toEqual([true, true]);
    });

    it.concurrent.each([
      ['a foreign domain', 'frank0001@elsewhere.example', 'frank-password'],
      ['an upper-case letter beyond ASCII', `frÄnk0001@${domain}`, 'frank-password'],
      ['a slash', `../../etc@${domain}`, 'frank-password'],
      ['a plus', `frank+001@${domain}`, 'frank-password'],
      ['a short name', `frank@${domain}`, 'frank-password'],
      ['a long name', `frank000000001@${domain}`, 'frank-password'],
      ['a short password', `frank0001@${domain}`, 'short'],
    ])('is refused with %s', async (_, user, password) => {
      expect(await imap(user, password)).toMatch(/^a NO /);
      await expect(login(relay.at(465), user, password)).rejects.toThrow(/535/);
    });

    it('keeps the password as an Argon2id hash in SQLite', async () => {
      const rows = await relay.run(
        `cd /opt/postern/packages/relay && node -e 'const D=require("better-sqlite3"); console.log(JSON.stringify(new D("/var/lib/postern/postern.db",{readonly:true}).prepare("select * from accounts").all()))'`,
      );
      expect(rows).toMatch(/\$argon2id\$v=19\$m=19456,/);
      expect(rows).not.toContain('alice-password');
    });
  });

  it('gives out addresses on the web until the operator closes registration, and says why not then', async () => {
    const ask = async (): Promise<string> => {
      await using session = await Conversation.open(relay.at(443));
      session.send(`POST https://${domain}/new HTTP/1.1\r\nHost: ${domain}\r\nConnection: close\r\n\r\n`);
      let response = '';
      for (;;) {
        const line = await session.reply().catch(() => undefined);
        if (line === undefined) return response;
        response += `${line}\n`;
      }
    };
    expect(await ask()).toMatch(/^HTTP\/1\.1 200 [^]*"email":"[a-z0-9]{9}@_gate\.test"/);
    await relay.run('postern registration close');
    expect(await ask()).toMatch(/^HTTP\/1\.1 4\d\d [^]*"reason":"This relay takes no new accounts\."/);
    await expect(login(relay.at(465), `grace0001@${domain}`, 'grace-password')).rejects.toThrow(/535/);
    await (await login(relay.at(465), alice.address, alice.password))[Symbol.asyncDispose]();
    await relay.run('postern registration open');
    expect(await ask()).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('logs nobody', async () => {
    const log = await relay.log();
    expect(log).not.toMatch(/@|\d+\.\d+\.\d+\.\d+|message-id|alice|bob0/i);
  });
});
