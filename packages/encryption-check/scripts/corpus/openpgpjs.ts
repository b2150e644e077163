import * as openpgp from 'openpgp';
import { noise } from '../packets.ts';

export interface Armored {
  readonly name: string;
  readonly armored: string;
}

const text = 'Meet me at noon.';
const { aead, compression, symmetric, s2k } = openpgp.enums;
const withAead = (preferredAEADAlgorithm: openpgp.enums.aead, more: openpgp.PartialConfig = {}): openpgp.PartialConfig => ({
  aeadProtect: true,
  preferredAEADAlgorithm,
  ...more,
});

/** What OpenPGP.js writes: keys of both versions, passwords, both kinds of encrypted data, pieces, compression. */
export async function openpgpjsMessages(): Promise<Armored[]> {
  const key = async (options: Omit<openpgp.KeyOptions, 'userIDs' | 'format'>, config: openpgp.PartialConfig = {}): Promise<openpgp.PublicKey> => {
    const { publicKey } = await openpgp.generateKey({
      ...options,
      userIDs: { email: 'bob@relay.test' },
      format: 'object',
      config,
    });
    return publicKey;
  };
  const v4 = await key({ type: 'ecc', curve: 'curve25519Legacy' });
  const other = await key({ type: 'ecc', curve: 'curve25519Legacy' });
  const rsa = await key({ type: 'rsa', rsaBits: 2048 });
  const rsa4096 = await key({ type: 'rsa', rsaBits: 4096 });
  const p256 = await key({ type: 'ecc', curve: 'nistP256' });
  const p521 = await key({ type: 'ecc', curve: 'nistP521' });
  const v4New = await key({ type: 'curve25519' });
  const v4WithAead = await key({ type: 'curve25519' }, { aeadProtect: true });
  const v6 = await key({ type: 'curve25519' }, { v6Keys: true });
  const v6Other = await key({ type: 'curve448' }, { v6Keys: true });
  const signer = await openpgp.generateKey({ userIDs: { email: 'alice@relay.test' }, format: 'object' });

  type Options = Partial<openpgp.EncryptOptions>;
  const cases: readonly (readonly [string, Options, content?: Uint8Array])[] = [
    ['v4-curve25519', { encryptionKeys: v4 }],
    ['v4-rsa-2048', { encryptionKeys: rsa }],
    ['v4-rsa-4096', { encryptionKeys: rsa4096 }],
    ['v4-nist-p256', { encryptionKeys: p256 }],
    ['v4-nist-p521', { encryptionKeys: p521 }],
    ['v4-x25519', { encryptionKeys: v4New }],
    ['v4-x25519-seipd-v2', { encryptionKeys: v4WithAead, config: withAead(aead.ocb) }],
    ['v4-three-recipients', { encryptionKeys: [v4, other, rsa] }],
    ['v4-hidden-recipients', { encryptionKeys: [v4, rsa], wildcard: true }],
    ['v4-signed', { encryptionKeys: v4, signingKeys: signer.privateKey }],
    ['v4-compressed-zip', { encryptionKeys: v4, config: { preferredCompressionAlgorithm: compression.zip } }],
    ['v4-compressed-zlib', { encryptionKeys: v4, config: { preferredCompressionAlgorithm: compression.zlib } }],
    ['v4-large', { encryptionKeys: v4 }, noise(20_000)],
    ['v6-x25519', { encryptionKeys: v6 }],
    ['v6-x448', { encryptionKeys: v6Other }],
    ['v6-two-recipients', { encryptionKeys: [v6, v6Other] }],
    ['v6-hidden-recipients', { encryptionKeys: [v6, v6Other], wildcard: true }],
    ['v6-eax', { encryptionKeys: v6, config: withAead(aead.eax) }],
    ['v6-gcm', { encryptionKeys: v6, config: withAead(aead.gcm) }],
    ['v6-signed', { encryptionKeys: v6, signingKeys: signer.privateKey }],
    ['v6-small-chunks', { encryptionKeys: v6, config: withAead(aead.ocb, { aeadChunkSizeByte: 0 }) }, noise(2000)],
    ['v6-large', { encryptionKeys: v6 }, noise(20_000)],
    ['password', { passwords: 'noon' }],
    ['password-two', { passwords: ['noon', 'one'] }],
    ['password-aes128', { passwords: 'noon', config: { preferredSymmetricAlgorithm: symmetric.aes128 } }],
    ['password-argon2', { passwords: 'noon', config: { s2kType: s2k.argon2 } }],
    ['password-seipd-v2', { passwords: 'noon', config: withAead(aead.ocb) }],
    ['password-seipd-v2-argon2', { passwords: 'noon', config: withAead(aead.gcm, { s2kType: s2k.argon2 }) }],
    ['password-and-key', { passwords: 'noon', encryptionKeys: v4 }],
  ];
  const messages: Armored[] = [];
  for (const [name, options, content] of cases) {
    const message = await (content === undefined ? openpgp.createMessage({ text }) : openpgp.createMessage({ binary: content }));
    messages.push({ name, armored: await openpgp.encrypt({ ...options, message, format: 'armored' }) });
  }
  messages.push(await inPieces('v4-partial-lengths', v4), await inPieces('v6-partial-lengths', v6));
  return messages;
}

/** A message whose size is not known when it begins, and so comes with partial lengths (RFC 9580 §4.2.1.4). */
async function inPieces(name: string, encryptionKeys: openpgp.PublicKey): Promise<Armored> {
  const binary = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let piece = 0; piece < 5; piece += 1) controller.enqueue(noise(20_000, piece));
      controller.close();
    },
  });
  const message = await openpgp.createMessage({ binary });
  const stream = await openpgp.encrypt({ message, encryptionKeys, format: 'armored' });
  let armored = '';
  for await (const piece of stream) armored += piece;
  return { name, armored };
}
