import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ChatAccount, ChatClient } from '../../src/chat-client.ts';
import { type TestRelay, startRelay } from '../../src/relay.ts';
import { startNetwork, type TestNetwork } from '../../src/test-network.ts';

describe('two relays and the real client', () => {
  let network: TestNetwork;
  let one: TestRelay;
  let two: TestRelay;
  let client: ChatClient;

  beforeAll(async () => {
    network = await startNetwork(['_one.test', '_two.test']);
    [one, two] = await Promise.all([
      startRelay({ domain: '_one.test', network }),
      startRelay({ domain: '_two.test', network, suite: 'bookworm' }),
    ]);
    client = await ChatClient.start(network);
  });

  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await Promise.all([one[Symbol.asyncDispose](), two[Symbol.asyncDispose]()]);
    await network[Symbol.asyncDispose]();
  });

  async function chat(alice: ChatAccount, bob: ChatAccount, edit?: (invite: string) => string): Promise<void> {
    const toBob = await alice.meet(bob, edit);
    const ping = await alice.sendText(toBob, 'ping', bob);
    expect(ping).toMatchObject({ text: 'ping', showPadlock: true });
    await bob.rpc.acceptChat(bob.id, ping.chatId);
    const pong = await bob.sendText(ping.chatId, 'pong', alice);
    expect(pong).toMatchObject({ text: 'pong', showPadlock: true });
  }

  it('scan, meet and chat within one relay', async () => {
    const alice = await client.join('DCACCOUNT:_one.test');
    const bob = await client.join('DCACCOUNT:_one.test');
    await chat(alice, bob);
  });

  it('scan, meet and chat across relays, on Debian 13 and on Debian 12', async () => {
    const alice = await client.join('DCACCOUNT:_one.test');
    const bob = await client.join('dcaccount:_two.test');
    expect(await bob.address()).toMatch(/^[a-z0-9]{9}@_two\.test$/);
    await chat(alice, bob);
  });

  it('make an account with what the web page gives out', async () => {
    const alice = await client.join('DCACCOUNT:https://_one.test/new');
    expect(await alice.address()).toMatch(/^[a-z0-9]{9}@_one\.test$/);
  });

  it('pass a file of one megabyte on', async () => {
    const alice = await client.join('DCACCOUNT:_one.test');
    const bob = await client.join('DCACCOUNT:_two.test');
    const toBob = await alice.meet(bob);
    const content = randomBytes(1_000_000);
    await client.putFile('/tmp/picture.bin', content);
    const arrived = bob.waitFor('IncomingMsg');
    await alice.rpc.miscSendMsg(alice.id, toBob, 'a file', '/tmp/picture.bin', 'picture.bin', null, null);
    const { msgId } = await arrived;
    const message = await bob.downloaded(msgId);
    expect(message).toMatchObject({ showPadlock: true, fileBytes: 1_000_000 });
    expect(await client.getFile(message.file ?? '')).toEqual(content);
  });

  it('meet over the legacy handshake, whose first message is in cleartext', async () => {
    const alice = await client.join('DCACCOUNT:_one.test');
    const bob = await client.join('DCACCOUNT:_two.test');
    await chat(alice, bob, (invite) => invite.replace(/&v=3\b/, ''));
  });

  it('refuse what the client sends unencrypted, and the client explains it', async () => {
    const alice = await client.join('DCACCOUNT:_one.test', { force_encryption: '0' });
    for (const recipient of ['somebody@_one.test', 'somebody@_two.test']) {
      const contact = await alice.rpc.createContact(alice.id, recipient, null);
      const chatId = await alice.rpc.createChatByContactId(alice.id, contact);
      const failed = alice.waitFor('MsgFailed');
      await alice.rpc.miscSendTextMessage(alice.id, chatId, 'readable words');
      const { msgId } = await failed;
      const { error } = await alice.rpc.getMessage(alice.id, msgId);
      expect(error).toContain('Encryption Needed: Invalid Unencrypted Mail');
      const messages = await alice.rpc.getMessageIds(alice.id, chatId, false, false);
      const texts = await Promise.all(messages.map(async (id) => (await alice.rpc.getMessage(alice.id, id)).text));
      expect(texts.join('\n')).toContain('requires end-to-end encryption');
    }
    for (const relay of [one, two]) {
      expect(await relay.queue()).toBe('');
      expect(await relay.everythingStored()).not.toContain('readable words');
    }
  });

  it('get in by invite only once that is switched on, as often as the invite says, and learn why not', async () => {
    await one.run('postern registration invite');
    const made = await one.run('postern invite create --uses 1 --expires 7d --json');
    const code = `DCACCOUNT:https://_one.test/new?token=${/"token":"([^"]+)"/.exec(made)?.[1]}`;
    const isRefused = async (attempt: string, reason: string): Promise<void> => {
      const joining = client.rpc.addTransportFromQr(await client.rpc.addAccount(), attempt);
      await expect(joining).rejects.toMatchObject({ message: expect.stringContaining(reason) });
    };
    await isRefused('DCACCOUNT:_one.test', 'by invite only');
    const alice = await client.join(code);
    expect(await alice.address()).toMatch(/^[a-z0-9]{9}@_one\.test$/);
    // Whoever has come by both doors was seen by both.
    await one.eventually(`postern accounts show ${await alice.address()} --json | grep -q 'lastImap.*lastSmtp'`);
    await isRefused(code, 'This invite is not valid: it was used up');
    expect(await one.run('postern invite list')).toContain('1 of 1 used');
    await one.run('postern registration open');
  });
});
