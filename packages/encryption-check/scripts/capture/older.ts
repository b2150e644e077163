import type { Account, Client } from './client.ts';
import { meet } from './newest.ts';
import type { Ports } from './newest.ts';
import type { Recorder } from './recorder.ts';

/** What older cores send that the newest does not, and what the newest sends to them. */
export async function playOlder(
  clients: { readonly newest: Client; readonly v248: Client; readonly v233: Client; readonly v1160: Client },
  ports: Ports,
  recorder: Recorder,
): Promise<void> {
  const newest = await clients.newest.account('frank', ports);
  const cores = [
    ['2.33', await clients.v233.account('grace', ports)],
    ['1.160', await clients.v1160.account('heidi', ports)],
  ] as const;
  for (const [version, older] of cores) {
    let chat = 0;
    await recorder.record(
      [`core-${version}-vc-request`, `core-${version}-vc-request-with-auth`],
      async () => (chat = await meet(older, newest)),
      older.address,
    );
    const ask = (): Promise<number> => older.rpc.miscSendTextMessage(older.id, chat, 'Noon?');
    await recorder.record([`core-${version}-text`], ask, older.address);
    const back = await chatWith(newest, older);
    const answer = (): Promise<number> => newest.rpc.miscSendTextMessage(newest.id, back, 'Noon.');
    await recorder.record([`text-to-core-${version}`], answer, newest.address);
  }
  const older = await clients.v248.account('ivan', ports);
  await recorder.record(
    ['vc-request-pubkey', 'vc-pubkey', 'vc-request-with-auth', 'vc-contact-confirm'].map((name) => `core-2.48-${name}`),
    () => meet(older, newest),
  );
}

async function chatWith(account: Account, other: Account): Promise<number> {
  const contacts = await account.rpc.getContacts(account.id, 0, other.address);
  const contact = contacts.find((each) => each.address === other.address && each.isKeyContact);
  if (contact === undefined) throw new Error(`no contact for ${other.address}`);
  return account.rpc.createChatByContactId(account.id, contact.id);
}
