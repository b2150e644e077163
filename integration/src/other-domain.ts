import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { dkimSign } from 'mailauth/lib/dkim/sign.js';
import type { TestNetwork } from './test-network.ts';

/** A domain of somebody else, which signs its mail. */
export class OtherDomain {
  readonly name: string;
  readonly #network: TestNetwork;
  readonly #keys = new Map<string, KeyObject>();

  constructor(name: string, network: TestNetwork) {
    this.name = name;
    this.#network = network;
  }

  /** Makes a key, which from now on stands in DNS. */
  async newKey(selector = 'key'): Promise<void> {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).toString('base64');
    const [first, second] = [publicKey.slice(0, 200), publicKey.slice(200)];
    const record = `${selector}._domainkey.${this.name}. IN TXT "v=DKIM1; p=${first}" "${second}"\n`;
    await this.#network.publish(`${selector}.${this.name}`, record);
    this.#keys.set(selector, privateKey);
  }

  /** Signs with a key under its selector, or under another that is none of this domain's. */
  async sign(
    message: Buffer | string,
    {
      canonicalization = 'relaxed/relaxed',
      selector = 'key',
      key = this.#keys.get(selector) ?? this.#keys.get('key'),
    }: {
      canonicalization?: string;
      selector?: string;
      key?: KeyObject | undefined;
    } = {},
  ): Promise<Buffer> {
    if (key === undefined) throw new Error(`${this.name} has no key`);
    const privateKey = key.export({ type: 'pkcs8', format: 'pem' });
    const signature = { signingDomain: this.name, selector, privateKey, canonicalization };
    const { signatures } = await dkimSign(message, { ...signature, signatureData: [signature] });
    return Buffer.concat([Buffer.from(signatures), Buffer.from(message)]);
  }
}
