import { createHash, type KeyObject, sign } from 'node:crypto';
import type { Editor } from '@postern/milter';
import { relaxedField, SimpleBodyHash } from './canonical-form.ts';

export interface SigningKey {
  /** Its public half stands in DNS at `SELECTOR._domainkey.DOMAIN`. */
  readonly selector: string;
  /** RSA or Ed25519. */
  readonly privateKey: KeyObject;
}

/** In whose name mail is signed, and with what. */
export interface Signing {
  /** In lower case. */
  readonly domain: string;
  readonly keys: readonly SigningKey[];
  /** Seconds since 1970. */
  readonly nowSeconds: () => number;
}

/**
 * What a signature covers: every field of these names, and that there is no further one (RFC 6376 §5.4.2, §8.15). They say
 * who writes to whom, and how a message is to be read.
 */
const signedFields: readonly string[] = `from to cc sender reply-to subject date message-id in-reply-to references
   mime-version content-type content-transfer-encoding content-disposition auto-submitted
   autocrypt autocrypt-gossip chat-version chat-is-post-message secure-join secure-join-invitenumber
   resent-from resent-to resent-date resent-message-id list-id list-unsubscribe`.split(/\s+/);

/** Makes the DKIM signatures of one message (RFC 6376, RFC 8463) out of its final header and of its body as that comes. */
export class MessageSigner {
  readonly #signing: Signing;
  readonly #fields = new Map<string, string[]>(signedFields.map((name) => [name, []]));
  readonly #body = new SimpleBodyHash();

  constructor(signing: Signing) {
    this.#signing = signing;
  }

  /** A field as it will leave; in the order of the message. */
  header(name: string, value: string | Uint8Array): void {
    const fields = this.#fields.get(name.trimEnd().toLowerCase());
    fields?.push(relaxedField(name, Buffer.from(value).toString('latin1')));
  }

  body(chunk: Uint8Array): void {
    this.#body.update(chunk);
  }

  /** The values of the `DKIM-Signature` fields to add, one for each key; folds are LF and a tab. */
  finish(): string[] {
    const { domain, keys, nowSeconds } = this.#signing;
    const names: string[] = [];
    const covered: string[] = [];
    for (const [name, fields] of this.#fields) {
      names.push(...fields.map(() => name), name);
      covered.push(...fields.toReversed()); // of several fields the last one is named first, RFC 6376 §5.4.2
    }
    const bodyHash = this.#body.digest();
    return keys.map(({ selector, privateKey }) => {
      const isRsa = privateKey.asymmetricKeyType === 'rsa';
      const value = [
        `v=1; a=${isRsa ? 'rsa' : 'ed25519'}-sha256; c=relaxed/simple; d=${domain}; s=${selector};`,
        `t=${nowSeconds()};`,
        `h=${folded(names)};`,
        `bh=${bodyHash};`,
        'b=',
      ].join('\n\t');
      const text = Buffer.from([...covered, relaxedField('DKIM-Signature', value)].join('\r\n'), 'latin1');
      const signature = isRsa
        ? sign('sha256', text, privateKey)
        : sign(null, createHash('sha256').update(text).digest(), privateKey); // RFC 8463 §3
      return value + signature.toString('base64').replace(/.{72}(?=.)/g, '$&\n\t');
    });
  }
}

/** Whether a recipient is of another domain, so that somebody will look for a signature. */
export function leaves(recipient: string, { domain }: Signing): boolean {
  return !recipient.toLowerCase().endsWith(`@${domain}`);
}

/** Below the `Received` field of this mail server, which is not signed. Each is put above the one before. */
export function addSignatures(signer: MessageSigner | undefined, edit: Editor<'addHeader'>): void {
  for (const value of (signer?.finish() ?? []).toReversed()) edit.insertHeader(1, 'DKIM-Signature', value);
}

function folded(names: readonly string[]): string {
  let line = '';
  const lines: string[] = [];
  for (const name of names) {
    if (line !== '' && line.length + name.length > 70) {
      lines.push(line);
      line = '';
    }
    line += `${name}:`;
  }
  return [...lines, line].join('\n\t').replace(/:$/, '');
}
