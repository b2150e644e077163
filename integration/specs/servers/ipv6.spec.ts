import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChatClient } from '../../src/chat-client.ts';
import { type TestRelay, startRelay } from '../../src/relay.ts';
import { linkTo, signUp } from '../../src/sign-up.ts';
import { startNetwork, type TestNetwork } from '../../src/test-network.ts';
import { waysIn } from '../../src/ways-in.ts';

const password = 'some-password';

describe('relays in a network that has only IPv6', () => {
  let network: TestNetwork;
  let named: TestRelay;
  let unnamed: TestRelay;
  let client: ChatClient;

  beforeAll(async () => {
    network = await startNetwork(['_six.test'], { family: 'ipv6' });
    [named, unnamed] = await Promise.all([
      startRelay({ domain: '_six.test', network }),
      startRelay({ domain: 'own-address', network, suite: 'bookworm' }),
    ]);
    client = await ChatClient.start(network);
  });

  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await Promise.all([named[Symbol.asyncDispose](), unnamed[Symbol.asyncDispose]()]);
    await network[Symbol.asyncDispose]();
  });

  it('start, without any other address', async () => {
    expect(unnamed.domain).toMatch(/^\[ipv6:fd[0-9a-f:]+\]$/);
    for (const relay of [named, unnamed]) expect(await relay.run('hostname -I')).toMatch(/^fd[0-9a-f:]+ *\n$/);
  });

  it.concurrent.each(Object.entries(waysIn))('let clients in over %s', async (_, enter) => {
    for (const relay of [named, unnamed]) {
      expect(await enter(relay, { address: `alice0001@${relay.domain}`, password })).toEqual({
        reply: expect.stringMatching(/^(OK|235)/),
        tls: 'TLSv1.3',
      });
    }
  });

  it('have clients that meet and write to each other, with a name and without', async () => {
    const alice = await client.join('DCACCOUNT:_six.test');
    const bob = await client.join(linkTo(unnamed, await signUp(unnamed, named)));
    const chat = await alice.meet(bob);
    const ping = await alice.sendText(chat, 'ping', bob);
    expect(ping).toMatchObject({ text: 'ping', showPadlock: true });
    await bob.rpc.acceptChat(bob.id, ping.chatId);
    expect(await bob.sendText(ping.chatId, 'pong', alice)).toMatchObject({ text: 'pong', showPadlock: true });
  });
});
