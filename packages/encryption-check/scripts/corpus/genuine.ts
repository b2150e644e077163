import { dress, dresses, plain } from './dresses.ts';
import { gnupgMessages } from './gnupg.ts';
import { openpgpjsMessages } from './openpgpjs.ts';

/** A message as a real program writes it. */
interface Genuine {
  readonly name: string;
  readonly raw: Buffer;
}

/** Everything that OpenPGP.js and GnuPG write in plain dress, and one message in the dress of each other mail program. */
export async function genuineMessages(): Promise<ReadonlyMap<string, readonly Genuine[]>> {
  const fromOpenpgpjs = await openpgpjsMessages();
  const fromGnupg = await gnupgMessages();
  const any = fromOpenpgpjs[0];
  if (any === undefined) throw new Error('OpenPGP.js wrote nothing');
  const dressed = (messages: readonly { name: string; armored: string }[]): Genuine[] =>
    messages.map(({ name, armored }) => ({ name, raw: dress(armored, plain) }));
  return new Map([
    ['openpgpjs', dressed(fromOpenpgpjs)],
    ['gnupg', dressed(fromGnupg)],
    [
      'mail-programs',
      dresses.map((each) => ({ name: each.name, raw: dress(any.armored, each) })),
    ],
  ]);
}
