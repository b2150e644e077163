import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { T } from '@deltachat/jsonrpc-client';
import { noise } from '../packets.ts';
import type { Account, Client } from './client.ts';
import type { Recorder } from './recorder.ts';
import { webxdc } from './webxdc.ts';

export interface Ports {
  readonly imap: number;
  readonly smtp: number;
}

/** Everything that the newest core sends, to others of its kind. */
export async function playNewest(client: Client, ports: Ports, recorder: Recorder): Promise<void> {
  const alice = await client.account('alice', ports);
  const bob = await client.account('bob', ports);
  const carol = await client.account('carol', ports);
  const dave = await client.account('dave', ports);

  // The invite's owner is asked, answers with a key, and so on: the names are in the order of the handshake.
  let chat = 0;
  await recorder.record(
    ['vc-request-pubkey', 'vc-pubkey', 'vc-request-with-auth', 'vc-contact-confirm'].map(
      (name) => `securejoin-${name}`,
    ),
    async () => (chat = await meet(bob, alice)),
  );
  await recorder.record(
    ['legacy-vc-request', 'securejoin-vc-auth-required', '', 'securejoin-legacy-vc-contact-confirm'],
    () => meet(carol, alice, (invite) => invite.replace('&v=3', '')),
  );
  await playChat({ from: bob, to: alice, chat }, recorder);
  await playGroups({ owner: alice, member: bob, newcomer: carol, stranger: dave }, recorder);
  await playCleartext({ from: carol, to: dave }, recorder);
}

async function playChat(people: { from: Account; to: Account; chat: number }, recorder: Recorder): Promise<void> {
  const { from, to, chat } = people;
  const { rpc, id } = from;
  const file = async (name: string, content: Uint8Array): Promise<string> => {
    const path = join(from.client.directory, name);
    await writeFile(path, content);
    return path;
  };
  const send = (data: Partial<T.MessageData>): Promise<number> => rpc.sendMsg(id, chat, { ...emptyMessage, ...data });

  let sent = 0;
  let received = 0;
  await recorder.record(['text'], async () => {
    const arrived = to.waitFor('IncomingMsg');
    sent = await rpc.miscSendTextMessage(id, chat, 'Meet me at noon.');
    const event = await arrived;
    if (event.kind === 'IncomingMsg') received = event.msgId;
  });
  await recorder.record(['long-text'], () => rpc.miscSendTextMessage(id, chat, 'Meet me at noon. '.repeat(2000)));
  const { chatId } = await to.rpc.getMessage(to.id, received);
  await to.rpc.acceptChat(to.id, chatId);
  await recorder.record(['read-receipt'], () => to.rpc.markseenMsgs(to.id, [received]));
  await recorder.record(['reaction'], () => to.rpc.sendReaction(to.id, received, ['👍']));
  await recorder.record(['edit'], () => rpc.sendEditRequest(id, sent, 'Meet me at one.'));
  await recorder.record(['delete-for-all'], () => rpc.deleteMessagesForAll(id, [sent]));
  await recorder.record(['small-file'], async () => send({ file: await file('note.txt', Buffer.from('noon\n')) }));
  await recorder.record(['large-file-pre-message', 'large-file-post-message'], async () =>
    send({ file: await file('noise.bin', noise(150_000)) }),
  );
  await recorder.record(['location-enabled'], () => rpc.sendLocationsToChat(id, chat, 600));
  let app = 0;
  await recorder.record(['webxdc'], async () => (app = await send({ file: await file('app.xdc', webxdc()) })));
  await recorder.record(['webxdc-update'], () =>
    rpc.sendWebxdcStatusUpdate(id, app, JSON.stringify({ payload: 'noon' }), ''),
  );
  await recorder.record(['realtime-advertisement'], () => rpc.sendWebxdcRealtimeAdvertisement(id, app));
  await recorder.record(['call'], () => rpc.placeOutgoingCall(id, chat, 'v=0', false));
  // A second device is told what was done here; bots have none.
  await rpc.batchSetConfig(id, { bcc_self: '1', bot: '0' });
  await recorder.record(['self-sync'], () => rpc.setChatVisibility(id, chat, 'Pinned'));
  await rpc.batchSetConfig(id, { bcc_self: '0', bot: '1' });
}

async function playGroups(
  people: { owner: Account; member: Account; newcomer: Account; stranger: Account },
  recorder: Recorder,
): Promise<void> {
  const { owner, member, newcomer, stranger } = people;
  const { rpc, id } = owner;
  const group = await rpc.createGroupChat(id, 'Noon', false);
  const contact = async (of: Account): Promise<number> => {
    const contacts = await rpc.getContacts(id, 0, of.address);
    const found = contacts.find((each) => each.address === of.address && each.isKeyContact);
    if (found === undefined) throw new Error(`no contact for ${of.address}`);
    return found.id;
  };
  await rpc.addContactToChat(id, group, await contact(member));
  await recorder.record(['group-text'], () => rpc.miscSendTextMessage(id, group, 'Meet me at noon.'));
  await recorder.record(['group-member-added'], async () => rpc.addContactToChat(id, group, await contact(newcomer)));
  await recorder.record(['group-text-to-two'], () => rpc.miscSendTextMessage(id, group, 'All of you.'));
  await recorder.record(['legacy-vg-request', '', '', 'group-joined'], () =>
    meet(stranger, owner, (invite) => invite.replace('&v=3', ''), group),
  );
  const channel = await rpc.createBroadcast(id, 'News');
  await recorder.record(['', 'channel-joined'], () => meet(member, owner, (invite) => invite, channel));
  await recorder.record(['channel-text'], () => rpc.miscSendTextMessage(id, channel, 'It is noon.'));
}

/** What the core sends only to those whose key it does not know, and only when it is told to. */
async function playCleartext({ from, to }: { from: Account; to: Account }, recorder: Recorder): Promise<void> {
  for (const { rpc, id } of [from, to]) await rpc.setConfig(id, 'force_encryption', '0');
  const contact = await from.rpc.createContact(from.id, to.address, 'erin');
  const chat = await from.rpc.createChatByContactId(from.id, contact);
  let received = 0;
  await recorder.record(['classic-email'], async () => {
    const arrived = to.waitFor('IncomingMsg');
    await from.rpc.miscSendTextMessage(from.id, chat, 'Meet me at noon.');
    const event = await arrived;
    if (event.kind === 'IncomingMsg') received = event.msgId;
  });
  const { chatId } = await to.rpc.getMessage(to.id, received);
  await to.rpc.acceptChat(to.id, chatId);
  await recorder.record(['classic-read-receipt'], () => to.rpc.markseenMsgs(to.id, [received]));
}

/** Has `joiner` scan an invite of `inviter` and waits until both know. Gives the joiner's chat. */
export async function meet(
  joiner: Account,
  inviter: Account,
  edit: (invite: string) => string = (invite) => invite,
  chat: number | null = null,
): Promise<number> {
  const invite = edit(await inviter.rpc.getChatSecurejoinQrCode(inviter.id, chat));
  const met = Promise.all([
    joiner.waitFor('SecurejoinJoinerProgress', (event) => 'progress' in event && event.progress === 1000),
    inviter.waitFor('SecurejoinInviterProgress', (event) => 'progress' in event && event.progress === 1000),
  ]);
  const joined = await joiner.rpc.secureJoin(joiner.id, invite);
  await met;
  return joined;
}

const emptyMessage: T.MessageData = {
  text: null,
  html: null,
  viewtype: null,
  file: null,
  filename: null,
  location: null,
  overrideSenderName: null,
  quotedMessageId: null,
  quotedText: null,
};
