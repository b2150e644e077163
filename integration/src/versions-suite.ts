import { createHash, randomBytes } from 'node:crypto';
import { decrypt, generateKey, readMessage } from 'openpgp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ChatAccount, ChatClient, type ChatMessage } from './chat-client.ts';
import { type ClassicServer, startClassicServer } from './classic-server.ts';
import { login } from './conversation.ts';
import { allCores } from './core-versions.ts';
import { cleartextMessage } from './messages.ts';
import { OtherDomain } from './other-domain.ts';
import { type TestRelay, startRelay } from './relay.ts';
import { linkTo } from './sign-up.ts';
import { type NetworkOptions, startNetwork, type TestNetwork } from './test-network.ts';

export interface Spelling extends NetworkOptions {
  /** The two relays' domains, as their operators and the people who write to them spell them. */
  readonly domains: readonly [string, string];
}

const classicDomain = '_classic.test';
const outFailed = 24; // chatmail core src/message.rs MessageState

/** Clients of every age, and a mail server that knows nothing of relays, at two relays. */
export function describeVersions(circumstances: string, spelling: Spelling): void {
  describe(`clients of every age ${circumstances}`, () => {
    play(spelling);
  });
}

function play({ domains: [here, there], family }: Spelling): void {
  let network: TestNetwork;
  let relays: readonly [TestRelay, TestRelay];
  let classic: ClassicServer;
  let clients: readonly ChatClient[];
  let newest: ChatAccount;
  /** At the other relay than the newest. */
  let older: readonly ChatAccount[];
  const chats = new Map<ChatAccount, number>();

  beforeAll(async () => {
    network = await startNetwork([here.toLowerCase(), there.toLowerCase(), classicDomain], {
      ...(family && { family }),
    });
    const [one, two, server, ...started] = await Promise.all([
      startRelay({ domain: here, network }),
      startRelay({ domain: there, network, suite: 'bookworm' }),
      startClassicServer(classicDomain, network),
      ...allCores.map((version) => ChatClient.start(network, version)),
    ]);
    [relays, classic, clients] = [[one, two], server, started];
    const [client, ...others] = clients;
    if (client === undefined) throw new Error('there is no client');
    [newest, ...older] = await Promise.all([
      client.join(`DCACCOUNT:${here}`, { displayname: 'newest' }),
      ...others.map((other, at) => other.join(codeFor(other, at), { displayname: other.version })),
    ]);
  });

  afterAll(async () => {
    await Promise.all([...clients, classic, ...relays].map((each) => each[Symbol.asyncDispose]()));
    await network[Symbol.asyncDispose]();
  });

  /** Before 2.48 a client takes a relay's own certificate only when the code says so. */
  function codeFor({ version }: ChatClient, at: number): string {
    if (version === '2.48') return `DCACCOUNT:${there}`;
    return linkTo(relays[1], { email: `o.l-d_00${at}@${there}`, password: `password-of-${version}` });
  }

  const everyOlder = async <T>(work: (account: ChatAccount) => Promise<T>): Promise<T[]> => {
    const results: T[] = [];
    for (const account of older) results.push(await work(account));
    return results;
  };

  it('meet and write to each other', async () => {
    await everyOlder(async (account) => {
      const chat = await account.meet(newest);
      chats.set(account, chat);
      const ping = await account.sendText(chat, `ping of ${account.client.version}`, newest);
      expect(ping.showPadlock).toBe(true);
      await newest.rpc.acceptChat(newest.id, ping.chatId);
      const pong = await newest.sendText(ping.chatId, `pong for ${account.client.version}`, account);
      expect(pong.showPadlock).toBe(true);
    });
  });

  it('react, and edit what they wrote', async () => {
    await everyOlder(async (account) => {
      const chat = chats.get(account) ?? 0;
      const noon = `at noon, says ${account.client.version}`;
      const arrived = newest.incoming(noon);
      const sent = await account.rpc.miscSendTextMessage(account.id, chat, noon);
      const { id: msgId } = await arrived;
      const reacted = account.waitFor('IncomingReaction');
      await newest.rpc.sendReaction(newest.id, msgId, ['👍']);
      expect(await reacted).toMatchObject({ msgId: sent, reaction: '👍' });
      await account.rpc.sendEditRequest(account.id, sent, 'at one');
      await expect
        .poll(() => newest.rpc.getMessage(newest.id, msgId))
        .toMatchObject({ text: 'at one', isEdited: true });
    });
  });

  it('join a group, and pass a file of ten megabytes on to all of it', async () => {
    const group = await newest.rpc.createGroupChat(newest.id, 'Everybody', false);
    const groups = await everyOlder((account) => account.meet(newest, undefined, group));
    const content = randomBytes(10_000_000);
    const digest = createHash('sha256').update(content).digest('hex');
    await newest.client.putFile('/tmp/film.bin', content);
    await newest.rpc.miscSendMsg(newest.id, group, 'a film', '/tmp/film.bin', 'film.bin', null, null);
    for (const [at, account] of older.entries()) {
      const film = (): Promise<ChatMessage | undefined> =>
        account.find(groups[at] ?? 0, ({ fileBytes, downloadState }) => fileBytes > 9e6 && downloadState === 'Done');
      await expect.poll(film).toMatchObject({ showPadlock: true, fileBytes: content.length });
      expect(await account.client.run('sha256sum', (await film())?.file ?? '')).toMatch(new RegExp(`^${digest} `));
    }
  });

  it('follow a channel', async () => {
    const channel = await newest.rpc.createBroadcast(newest.id, 'News');
    const followers = older.filter(({ client }) => client.version !== '1.160'); // had no codes for channels yet
    for (const account of followers) await account.meet(newest, undefined, channel);
    const arrived = followers.map((account) => account.incoming('It is noon.'));
    await newest.rpc.miscSendTextMessage(newest.id, channel, 'It is noon.');
    await Promise.all(arrived);
  });

  it('are told when a message could not be delivered', async () => {
    const [client] = clients;
    if (client === undefined) throw new Error('there is no client');
    const gone = await client.join(`DCACCOUNT:${here}`);
    const others = await everyOlder(async (account) => ({ account, chat: await account.meet(gone) }));
    await client.rpc.stopIo(gone.id);
    await relays[0].run(`postern accounts delete --yes '${await gone.address()}'`);
    for (const { account, chat } of others) {
      const failed = account.waitFor('MsgFailed');
      await account.rpc.miscSendTextMessage(account.id, chat, 'Are you there?');
      const { state } = await account.rpc.getMessage(account.id, (await failed).msgId);
      expect(state).toBe(outFailed);
    }
  });

  it('have a second device, which gets what the first gets', async () => {
    const { rpc, client } = newest;
    await rpc.setConfig(newest.id, 'bcc_self', '1');
    await client.run('mkdir', '/tmp/backup');
    await rpc.stopIo(newest.id);
    await rpc.exportBackup(newest.id, '/tmp/backup', null);
    await rpc.startIo(newest.id);
    const second = await client.useBackup((await client.run('ls', '/tmp/backup')).replace(/^/, '/tmp/backup/'));
    const [account] = older;
    if (account === undefined) throw new Error('there is no older client');
    const both = [newest, second].map((device) => device.incoming('to both of you'));
    await account.rpc.miscSendTextMessage(account.id, chats.get(account) ?? 0, 'to both of you');
    const [first] = await Promise.all(both);
    const chat = first?.chatId ?? 0;
    await rpc.miscSendTextMessage(newest.id, chat, 'from one of us');
    await expect.poll(() => second.find(chat, ({ text }) => text === 'from one of us')).toBeDefined();
  });

  describe('an ordinary mail server', () => {
    it('sends newsletters in', async () => {
      const reader = `rea.der01@${here}`;
      await (await login(relays[0].at(465), reader, 'some-password'))[Symbol.asyncDispose]();
      const author = new OtherDomain(classicDomain, network);
      await author.newKey();
      const from = `news+tag=1.2@${classicDomain}`;
      for (const to of [reader, reader.replace('rea.der01', 'rea.der01+shop'), reader.replace('rea', 'REA')]) {
        const signed = await author.sign(cleartextMessage({ from, to }).replace('hello', `for ${to}`));
        await classic.run(`echo ${signed.toString('base64')} | base64 -d | sendmail -i -f '${from}' '${to}'`);
      }
      const mailbox = `/var/lib/postern/mail/${reader.toLowerCase()}/Maildir/new`;
      await expect
        .poll(() => relays[0].run(`cat ${mailbox}/* 2>&- | grep -c '^Subject: for ' || true`), { timeout: 60_000 })
        .toBe('3\n');
    });

    it('gets encrypted mail', async () => {
      const dora = `dora+x.y@${classicDomain}`;
      const { privateKey, publicKey } = await generateKey({ userIDs: [{ email: dora }], format: 'object' });
      const key = Buffer.from(publicKey.write()).toString('base64');
      const vcard = [
        'VERSION:4.0',
        `EMAIL:${dora}`,
        'FN:Dora',
        String.raw`KEY:data:application/pgp-keys;base64\,${key}`,
      ];
      const text = ['BEGIN:VCARD', ...vcard, 'END:VCARD', ''].join('\r\n');
      const [contact] = await newest.rpc.importVcardContents(newest.id, text);
      if (contact === undefined) throw new Error('the card was not taken');
      const chat = await newest.rpc.createChatByContactId(newest.id, contact);
      await newest.rpc.miscSendTextMessage(newest.id, chat, 'Hello Dora.');
      const [mail = Buffer.alloc(0)] = await classic.inbox('dora+x.y');
      const armored = /-----BEGIN PGP MESSAGE-----[^]*-----END PGP MESSAGE-----/.exec(mail.toString())?.[0] ?? '';
      const { data } = await decrypt({
        message: await readMessage({ armoredMessage: armored }),
        decryptionKeys: privateKey,
      });
      expect(data).toContain('Hello Dora.');
    });
  });
}
