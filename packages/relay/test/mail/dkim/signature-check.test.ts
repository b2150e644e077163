import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { dkimSign } from 'mailauth/lib/dkim/sign.js';
import { describe, expect, it } from 'vitest';
import { KeyLookup } from '../../../src/mail/dkim/key-lookup.ts';
import { SignatureCheck, type SignatureFinding } from '../../../src/mail/dkim/signature-check.ts';
import { ed25519, type Fields, recordOf, rsa, signed, signing } from './signed-mail.ts';

const fields: Fields = [
  ['From', ' <alice@chat.example>'],
  ['Subject', ' hello\n\t there'],
];
const body = Buffer.from('.\r\n..\r\ncaf\xe9\r\n'.repeat(10_000), 'latin1');

/** DNS of the test: what stands at each name, else an error code. */
class Zone {
  readonly asked: string[] = [];
  readonly records = new Map<string, string>([
    ['rsa._domainkey.chat.example', recordOf(rsa)],
    ['ed25519._domainkey.chat.example', recordOf(ed25519)],
    ['rsa._domainkey.other.example', recordOf(rsa)],
    ['rsa._domainkey.xn--bcher-kva.example', recordOf(rsa)],
  ]);
  failure = 'ENOTFOUND';
  readonly keys = new KeyLookup(
    (name) => {
      this.asked.push(name);
      const record = this.records.get(name);
      if (record !== undefined) return Promise.resolve([[record]]);
      return Promise.reject(Object.assign(new Error('dns'), { code: this.failure }));
    },
    () => 0,
  );
}

async function check(
  message: Fields,
  options: { zone?: Zone; author?: string | undefined; chunks?: readonly Buffer[] } = {},
): Promise<SignatureFinding> {
  const { zone = new Zone(), author = 'chat.example', chunks = [body] } = options;
  const signatures = new SignatureCheck(zone.keys);
  for (const [name, value] of message) signatures.header(name, Buffer.from(value));
  signatures.endOfHeaders('author' in options ? options.author : author);
  for (const chunk of chunks) signatures.body(chunk);
  return signatures.end();
}

const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

describe('the signatures of a message', () => {
  it.each([
    ['an RSA key', signing({ rsa })],
    ['an Ed25519 key', signing({ ed25519 })],
    ['both', signing({ rsa, ed25519 })],
    ['a key that nobody knows, and another', signing({ lost: rsa, rsa })],
  ])('are valid with %s of the author’s domain', async (_, how) => {
    expect(await check(signed(fields, [body], how))).toBe('valid');
  });

  it('are valid in whatever pieces the body comes', async () => {
    const chunks = Array.from({ length: Math.ceil(body.length / 4_093) }, (_, n) =>
      body.subarray(n * 4_093, (n + 1) * 4_093),
    );
    expect(await check(signed(fields, [body]), { chunks })).toBe('valid');
  });

  it('are none when there is none', async () => {
    expect(await check(fields)).toBe('none');
  });

  it('count for a domain in other letters, and in either writing of an international one', async () => {
    expect(await check(signed(fields, [body]), { author: 'CHAT.Example' })).toBe('valid');
    const how = signing({ rsa }, 'xn--bcher-kva.example');
    expect(await check(signed(fields, [body], how), { author: 'bücher.example' })).toBe('valid');
  });

  it.each([
    ['another domain', signed(fields, [body], signing({ rsa }, 'other.example'))],
    ['a parent domain', signed(fields, [body], signing({ rsa }, 'example'))],
    ['a subdomain', signed(fields, [body], signing({ rsa }, 'mail.chat.example'))],
    ['nobody that can be read', [['DKIM-Signature', ' v=1; rubbish'], ...fields] as Fields],
  ])('are invalid when they are those of %s, and DNS is not asked', async (_, message) => {
    const zone = new Zone();
    expect(await check(message, { zone })).toBe('invalid');
    expect(zone.asked).toEqual([]);
  });

  it('are invalid without an author', async () => {
    expect(await check(signed(fields, [body]), { author: undefined })).toBe('invalid');
  });

  it('are invalid when the text was changed, and DNS is not asked', async () => {
    const zone = new Zone();
    expect(await check(signed(fields, [body]), { zone, chunks: [body, Buffer.from('more\r\n')] })).toBe('invalid');
    expect(zone.asked).toEqual([]);
  });

  it('are invalid when a header was changed', async () => {
    const changed = signed(fields, [body]).map(([name, value]) => [name, name === 'Subject' ? ' bye' : value] as const);
    expect(await check(changed)).toBe('invalid');
  });

  it('are invalid when there is no such key, and unknown when DNS does not say', async () => {
    const zone = new Zone();
    zone.records.clear();
    expect(await check(signed(fields, [body]), { zone })).toBe('invalid');
    zone.failure = 'ESERVFAIL';
    expect(await check(signed(fields, [body]), { zone })).toBe('unknown');
  });

  it('are valid if one of them is, though DNS does not say what the other is worth', async () => {
    const zone = new Zone();
    zone.failure = 'ETIMEOUT';
    expect(await check(signed(fields, [body], signing({ lost: ed25519, rsa })), { zone })).toBe('valid');
  });

  it('are looked at again when a key was replaced under its name', async () => {
    const zone = new Zone();
    expect(await check(signed(fields, [body]), { zone })).toBe('valid');
    const next = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    zone.records.set('rsa._domainkey.chat.example', recordOf(next));
    const message = signed(fields, [body], signing({ rsa: next }));
    expect(await check(message, { zone })).toBe('unknown');
    expect(await check(message, { zone })).toBe('valid');
  });

  it('ask again about a forgery, but once, and it stays one', async () => {
    const zone = new Zone();
    expect(await check(signed(fields, [body]), { zone })).toBe('valid');
    const forged = signed(
      fields,
      [body],
      signing({ rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey }),
    );
    expect(await check(forged, { zone })).toBe('invalid');
    expect(zone.asked).toHaveLength(2);
  });

  it('cover the whole text, or nothing', async () => {
    const key = { signingDomain: 'chat.example', selector: 'rsa', privateKey: pemOf(rsa), maxBodyLength: 9 };
    const message = Buffer.concat([Buffer.from('From: <alice@chat.example>\r\n\r\n'), body]);
    const { signatures } = await dkimSign(message, { ...key, signatureData: [key] });
    const value = signatures.slice('DKIM-Signature:'.length).trimEnd().replaceAll('\r\n', '\n');
    expect(value).toContain('l=9');
    expect(
      await check([
        ['DKIM-Signature', value],
        ['From', ' <alice@chat.example>'],
      ]),
    ).toBe('invalid');
  });

  it('cost one look-up, however many there are', async () => {
    const zone = new Zone();
    const [signature = ['', '']] = signed(fields, [body], signing({ rsa }));
    const wrong = [signature[0], signature[1].toString().replace(/\tb=.{8}/, '\tb=AAAAAAAA')] as const;
    const many = Array.from({ length: 300 }, () => wrong);
    expect(await check([...many, ...fields], { zone })).toBe('invalid');
    expect(zone.asked.length).toBeLessThanOrEqual(1);
  });

  it('are not worked on where the work would have no end', async () => {
    const folds: Fields = [['X-Folded', ' x\n'.repeat(6_000).trimEnd()], ...fields];
    expect(await check(signed(folds, [body]))).toBe('invalid');
    const line = Array.from({ length: 40 }, () => Buffer.alloc(65_536, 'x'));
    expect(await check(signed(fields, line), { chunks: line })).toBe('invalid');
  });
});
