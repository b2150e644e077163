import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChatClient } from '../../src/chat-client.ts';
import { IncomingSession } from '../../src/gate/incoming-session.ts';
import { cleartextMessage, encryptedMessage } from '../../src/messages.ts';
import { type TestRelay, startRelay } from '../../src/relay.ts';
import { linkTo, signUp } from '../../src/sign-up.ts';
import { lastLine, linesOf } from '../../src/start-tls.ts';
import { startNetwork, type TestNetwork } from '../../src/test-network.ts';
import { waysIn } from '../../src/ways-in.ts';

const password = 'some-password';

describe('relays whose domain is their address', () => {
  let network: TestNetwork;
  let one: TestRelay;
  let two: TestRelay;
  let client: ChatClient;

  beforeAll(async () => {
    network = await startNetwork([]);
    [one, two] = await Promise.all([
      startRelay({ domain: 'own-address', network }),
      startRelay({ domain: 'own-address', network, suite: 'bookworm' }),
    ]);
    // Nobody answers there: what needs DNS fails.
    for (const relay of [one, two]) await relay.run('echo "nameserver 127.0.0.1" > /etc/resolv.conf');
    client = await ChatClient.start(network);
  });

  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await Promise.all([one[Symbol.asyncDispose](), two[Symbol.asyncDispose]()]);
    await network[Symbol.asyncDispose]();
  });

  it('are named by it, have no IPv6, and need no DNS', async () => {
    for (const relay of [one, two]) {
      expect(relay.domain).toMatch(/^\[\d+(\.\d+){3}\]$/);
      expect(await relay.run('grep -v " lo$" /proc/net/if_inet6 || true')).toBe('');
      expect(await relay.run('postern dns')).toMatch(/needs no DNS/);
    }
  });

  it('give out accounts, whose clients meet and write to each other', async () => {
    const alice = await client.join(linkTo(one, await signUp(one, two)));
    const bob = await client.join(linkTo(two, await signUp(two, one)));
    expect([await alice.address(), await bob.address()].map((address) => address.split('@')[1])).toEqual([
      one.domain,
      two.domain,
    ]);
    const chat = await alice.meet(bob);
    const ping = await alice.sendText(chat, 'ping', bob);
    expect(ping).toMatchObject({ text: 'ping', showPadlock: true });
    await bob.rpc.acceptChat(bob.id, ping.chatId);
    expect(await bob.sendText(ping.chatId, 'pong', alice)).toMatchObject({ text: 'pong', showPadlock: true });
  });

  it.concurrent.each(Object.entries(waysIn))(
    'let clients in over %s, with TLS 1.3 and the one password',
    async (_, enter) => {
      const answers = [one, two].map(async (relay) => {
        const address = `alice0001@${relay.domain}`;
        const entered = await enter(relay, { address, password });
        const others = [
          { address, password: 'not-the-password' },
          { address: 'alice0001@[192.0.2.1]', password },
        ];
        return [entered, ...(await Promise.all(others.map((other) => enter(relay, other))))];
      });
      for (const [entered, ...others] of await Promise.all(answers)) {
        expect(entered).toEqual({ reply: expect.stringMatching(/^(OK|235)/), tls: 'TLSv1.3' });
        for (const { reply } of others) expect(reply).toMatch(/^(NO|535)/);
      }
    },
  );

  it.each([
    [143, 'a LOGIN alice0001 some-password', /PRIVACYREQUIRED|^\* BAD/],
    [587, 'AUTH PLAIN AGFsaWNl', /^530 5\.7\.0 Must issue a STARTTLS command first/],
  ] as const)('take no password in clear on %i', async (port, line, refusal) => {
    for (const relay of [one, two]) {
      const socket = connect({ ...relay.at(port), noDelay: true });
      const replies = linesOf(socket);
      await lastLine(replies);
      socket.write(`${line}\r\n`);
      expect(await lastLine(replies)).toMatch(refusal);
      socket.destroy();
    }
  });

  it('take encrypted mail from others of their kind, and no other from anybody', async () => {
    await using session = await IncomingSession.open(one.at(25));
    const envelope = { from: 'friend@[192.0.2.1]', to: `alice0001@${one.domain}` };
    expect(await session.deliver(envelope, Buffer.from(await encryptedMessage(envelope)))).toMatch(/^250 /);
    expect(await one.inbox(envelope.to)).toContain('BEGIN PGP MESSAGE');
    expect(await session.deliver(envelope, Buffer.from(cleartextMessage(envelope)))).toBe(
      '554 5.7.1 No DKIM signature found',
    );
  });

  it('report to each other’s users what cannot be delivered', async () => {
    // Without it this version of the client looks at nothing that is not encrypted, also at no report.
    const carol = await client.join(linkTo(one, await signUp(one, two)), { force_encryption: '0' });
    const dave = await client.join(linkTo(two, await signUp(two, one)));
    const chat = await carol.meet(dave);
    await client.rpc.stopIo(dave.id);
    await two.run(`postern accounts delete --yes '${await dave.address()}'`);
    const failed = carol.waitFor('MsgFailed');
    await carol.rpc.miscSendTextMessage(carol.id, chat, 'Are you there?');
    const { msgId } = await failed;
    expect(await carol.rpc.getMessage(carol.id, msgId)).toMatchObject({ state: 24 });
  });

  it('are named by nobody in their logs', async () => {
    for (const relay of [one, two]) expect(await relay.log()).not.toMatch(/@|\d+\.\d+\.\d+\.\d+/);
  });
});
