import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClassicServer, startClassicServer } from '../../src/classic-server.ts';
import { type Conversation, login, sendMail } from '../../src/conversation.ts';
import { IncomingSession } from '../../src/gate/incoming-session.ts';
import { cleartextMessage, encryptedMessage } from '../../src/messages.ts';
import { type TestRelay, startRelay } from '../../src/relay.ts';
import { startNetwork, type TestNetwork } from '../../src/test-network.ts';

const password = 'some-password';
const relays: Partial<Record<string, TestRelay>> = {};
let network: TestNetwork;
let classic: ClassicServer;

const domainOf = { bookworm: '_twelve.test', trixie: '_thirteen.test' } as const;
const suites = ['bookworm', 'trixie'] as const;

beforeAll(async () => {
  network = await startNetwork([...Object.values(domainOf), '_classic.test']);
  const config = 'mail.incoming_unsigned = "accept"\nlimits.pacing_seconds = 0';
  await Promise.all([
    ...suites.map(async (suite) => {
      relays[suite] = await startRelay({ domain: domainOf[suite], suite, network, config });
    }),
    startClassicServer('_classic.test', network).then((server) => (classic = server)),
  ]);
});

afterAll(async () => {
  for (const server of [...Object.values(relays), classic]) await server?.[Symbol.asyncDispose]();
  await network[Symbol.asyncDispose]();
});

describe.each(suites)('on %s', (suite) => {
  const domain = domainOf[suite];
  const [alice, bob] = [`alice0001@${domain}`, `bob000001@${domain}`];
  const relay = (): TestRelay => {
    const started = relays[suite];
    if (started === undefined) throw new Error(`there is no relay on ${suite}`);
    return started;
  };
  const submission = (): Promise<Conversation> => login(relay().at(465), alice, password);
  const header = `From: Somebody <somebody@other.example>\r\nTo: <${bob}>\r\nSubject: as it was\r\n`;

  beforeAll(async () => {
    for (const address of [alice, bob]) await (await login(relay().at(465), address, password))[Symbol.asyncDispose]();
  });

  it.each([
    [`MAIL FROM:<${alice}> BODY=8BITMIME`, '250'],
    [`MAIL FROM:<${alice}> SIZE=1000`, '250'],
    [`MAIL FROM:<${alice.toUpperCase()}>`, '250'],
    [`MAIL FROM:<alice0001+tag@${domain}>`, '553 5.7.1'],
    [`MAIL FROM:<SRS0=x=y=other.example=alice0001@${domain}>`, '553 5.7.1'],
    [`MAIL FROM:<"alice 0001"@${domain}>`, '553 5.7.1'],
    ['MAIL FROM:<>', '553 5.7.1'],
    [`MAIL FROM:<alic\u00e90001@${domain}>`, '553 5.'],
  ])('submission of %s: the recipient is answered with %s', async (command, reply) => {
    await using session = await submission();
    await session.say(`
      C: ${command}
      S: 250
      C: RCPT TO:<${bob}>
      S: ${reply}`);
  });

  it('submission of a message that is too large is refused by its announcement', async () => {
    await using session = await submission();
    await session.say(`
      C: MAIL FROM:<${alice}> SIZE=31457281
      S: 552 5.3.4`);
  });

  it('submission in chunks (BDAT) is judged like any other', async () => {
    await using session = await submission();
    for (const [message, reply] of [
      [await encryptedMessage({ from: alice, to: bob }), '250'],
      [cleartextMessage({ from: alice, to: bob }), '523 5.7.1 Encryption Needed: Invalid Unencrypted Mail'],
    ] as const) {
      await session.say(`
        C: MAIL FROM:<${alice}>
        S: 250
        C: RCPT TO:<${bob}>
        S: 250`);
      const [head, rest] = [message.slice(0, 100), message.slice(100)];
      session.send(`BDAT ${head.length}\r\n${head}`);
      await session.expect('250');
      session.send(`BDAT ${rest.length} LAST\r\n${rest}`);
      await session.expect(reply);
    }
  });

  it('addresses beyond ASCII are not offered (SMTPUTF8), and not taken, in either direction', async () => {
    await using outgoing = await submission();
    await using incoming = await IncomingSession.open(relay().at(25));
    const ask = async (command: string): Promise<string[]> => {
      outgoing.send(`${command}\r\n`);
      return await Promise.all([outgoing.reply(), incoming.command(command)]);
    };
    expect(await ask(`MAIL FROM:<${alice}> SMTPUTF8`)).toEqual([
      expect.stringMatching(/^555 5\.5\.4 Unsupported option: SMTPUTF8/),
      expect.stringMatching(/^555 5\.5\.4 Unsupported option: SMTPUTF8/),
    ]);
    await ask(`MAIL FROM:<${alice}>`);
    for (const reply of await ask(`RCPT TO:<böb@${domain}>`))
      expect(reply).toMatch(/^553 5\.6\.7 .*Only ASCII characters are possible/);
    for (const reply of await ask('RCPT TO:<bob@bücher.example>')) expect(reply).toMatch(/^5\d\d 5\./);
    await ask('RSET');
    await ask('MAIL FROM:<möller@other.example>');
    for (const reply of await ask(`RCPT TO:<${bob}>`)) expect(reply).toMatch(/^553 5\./);
  });

  it.each([
    ['<>', ''],
    ['<SRS0=x=y=first.example=somebody@other.example>', ''],
    ['<somebody+tag@other.example>', ' BODY=8BITMIME SIZE=1000'],
    ['<"some body"@other.example>', ' BODY=8BITMIME'],
  ])('mail from %s%s passes, with what a sender may ask for a recipient', async (sender, parameters) => {
    await using session = await IncomingSession.open(relay().at(25));
    for (const command of [
      `MAIL FROM:${sender}${parameters}`,
      `RCPT TO:<${bob}> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;${bob}`,
      `RCPT TO:<${alice.toUpperCase()}>`,
      'DATA',
    ]) {
      expect(await session.command(command)).toMatch(/^(?:250|354)/);
    }
    expect(await session.command(`${header}\r\nhello\r\n.`)).toMatch(/^250/);
  });

  it('8-bit text arrives as it was sent, in one piece or in chunks (8BITMIME, BDAT)', async () => {
    const user = `eightbit1@${domain}`;
    await (await login(relay().at(465), user, password))[Symbol.asyncDispose]();
    await using session = await IncomingSession.open(relay().at(25));
    const message = Buffer.from(`${header}\r\ncaf\u00e9 \u00ff\r\n`, 'latin1');
    expect(await session.deliver({ from: 'somebody@other.example', to: user }, message)).toMatch(/^250 /);
    for (const command of ['MAIL FROM:<somebody@other.example> BODY=8BITMIME', `RCPT TO:<${user}>`])
      expect(await session.command(command)).toMatch(/^250 /);
    expect(await session.chunk(message, { isLast: true })).toMatch(/^250 /);
    const folder = `/var/lib/postern/mail/${user}/Maildir/new`;
    await relay().eventually(`[ "$(ls ${folder} | wc -l)" -ge 2 ]`);
    const bodies = `for f in ${folder}/*; do sed '1,/^\\r*$/d' $f | tr -d '\\r' | base64 -w0; echo; done`;
    const expected = Buffer.from('caf\u00e9 \u00ff\n', 'latin1').toString('base64');
    expect((await relay().run(bodies)).trim().split('\n')).toEqual([expected, expected]);
  });

  it('what leaves has one Received line, which knows neither the client nor how it came, and no other trace', async () => {
    const marks = ['192.0.2.9', 'Secret/1.0', 'client.example'];
    const traces = [
      'X-Originating-IP',
      'X-Mailer',
      'X-Client-IP',
      'X-Forwarded-For',
      'User-Agent',
      'X-Originating-Client',
    ];
    const talkative = [
      ...traces.map((name, n) => `${name}: ${marks[n % 2]}`),
      'Received: from client.example ([192.0.2.9]) by secret.example; Mon, 23 Nov 2026 01:00:00 +0000',
      'Authentication-Results: secret.example; auth=pass smtp.auth=secret',
    ];
    const to = `${suite}@_classic.test`;
    await using session = await submission();
    const message = await encryptedMessage({ from: alice, to }, talkative);
    expect(await sendMail(session, { from: alice, to }, message)).toMatch(/^250 /);
    const [arrived = Buffer.alloc(0)] = await classic.inbox(suite);
    const text = arrived.toString('latin1');
    const head = text.slice(0, text.indexOf('\r\n\r\n')).replace(/\r\n[ \t]+/g, ' ');
    const received = head.split('\r\n').filter((line) => /^received:/i.test(line));
    // The upper one is the receiver's own, about the relay.
    expect(received).toHaveLength(2);
    expect(received[1]).toMatch(
      new RegExp(
        `^Received: by ${domain} \\(Postfix\\) with [A-Z0-9]+ id [A-Za-z0-9]+; [A-Z][a-z]{2}, [\\d A-Za-z:+-]+( \\(UTC\\))?$`,
      ),
    );
    const said = /^(delivered-to|return-path|x-original-to|received|dkim-signature):/i;
    const own = head.split('\r\n').filter((line) => !said.test(line));
    expect(own.join('\n')).not.toMatch(/\d+\.\d+\.\d+\.\d+|client\.example|secret|tls|cipher|authenticated|127\./i);
    expect(head).not.toMatch(new RegExp(`^(${traces.join('|')}|authentication-results):`, 'im'));
  });
});
