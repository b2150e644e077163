import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { MessageSigner, type Signing } from '../../../src/mail/dkim/signer.ts';

export type Fields = readonly (readonly [name: string, value: string | Buffer])[];

export const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
export const ed25519 = generateKeyPairSync('ed25519').privateKey;

export function signing(keys: Readonly<Record<string, KeyObject>> = { rsa }, domain = 'chat.example'): Signing {
  return {
    domain,
    keys: Object.entries(keys).map(([selector, privateKey]) => ({ selector, privateKey })),
    nowSeconds: () => 1_700_000_000,
  };
}

/** What stands in DNS for a key. */
export function recordOf(privateKey: KeyObject): string {
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  const isRsa = privateKey.asymmetricKeyType === 'rsa';
  return `v=DKIM1; k=${isRsa ? 'rsa' : 'ed25519'}; p=${(isRsa ? spki : spki.subarray(-32)).toString('base64')}`;
}

/** The fields of a message with its signatures on top, folds as LF, as a milter has them. */
export function signed(fields: Fields, chunks: readonly Uint8Array[], how: Signing = signing()): Fields {
  const signer = new MessageSigner(how);
  for (const [name, value] of fields) signer.header(name, value);
  for (const chunk of chunks) signer.body(chunk);
  return [...signer.finish().map((value) => ['DKIM-Signature', ` ${value}`] as const), ...fields];
}

/** A message as it is sent. */
export function wire(fields: Fields, chunks: readonly Uint8Array[]): Buffer {
  const header = fields.map(([name, value]) =>
    Buffer.concat([
      Buffer.from(`${name}:`),
      Buffer.from(Buffer.from(value).toString('latin1').replace(/\n/g, '\r\n'), 'latin1'),
      Buffer.from('\r\n'),
    ]),
  );
  return Buffer.concat([...header, Buffer.from('\r\n'), ...chunks]);
}
