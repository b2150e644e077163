import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import { describe, expect, it } from 'vitest';
import { relaxedField, SimpleBodyHash } from '../../../src/mail/dkim/canonical-form.ts';
import { ed25519, recordOf, rsa, signed, signing, wire, type Fields } from './signed-mail.ts';

/** RFC 6376 §3.4.3 in one expression. */
function plainHash(body: Buffer): string {
  const text = body.toString('latin1').replace(/(?:\r\n)*$/, '\r\n');
  return createHash('sha256').update(text, 'latin1').digest('base64');
}

function splitAt(body: Buffer, cuts: readonly number[]): Buffer[] {
  const borders = [0, ...cuts.map((cut) => cut % (body.length + 1)).toSorted((a, b) => a - b), body.length];
  return borders.slice(1).map((end, at) => body.subarray(borders[at], end));
}

/** Much of what trips a canonicalisation, and little else. */
const trickyBody = fc
  .array(fc.constantFrom('\r\n', '\r\n\r\n', '\r', '.', ' ', '\t', 'x', '\xe9', '-----', 'y'.repeat(2_000)), {
    maxLength: 40,
  })
  .map((parts) => Buffer.from(parts.join(''), 'latin1'));

async function verdicts(message: Buffer): Promise<string[]> {
  const { results } = await dkimVerify(message, {
    resolver: (name) => Promise.resolve([[recordOf(name.startsWith('ed') ? ed25519 : rsa)]]),
  });
  return results.map(({ status }) => status.result);
}

describe('the hash of a body', () => {
  it('is that of the whole body, wherever it was cut', () => {
    fc.assert(
      fc.property(trickyBody, fc.array(fc.nat(), { maxLength: 12 }), (body, cuts) => {
        const hash = new SimpleBodyHash();
        for (const chunk of splitAt(body, cuts)) hash.update(chunk);
        expect(hash.digest()).toBe(plainHash(body));
      }),
      { numRuns: 500 },
    );
  });

  it('holds no body that is nothing but empty lines', () => {
    const hash = new SimpleBodyHash();
    const lines = Buffer.from('\r\n'.repeat(32_768));
    for (let n = 0; n < 50; n += 1) hash.update(lines);
    expect(hash.digest()).toBe(plainHash(Buffer.alloc(0)));
  });
});

describe('a header field in relaxed form', () => {
  it.each([
    ['SUBJect', ' AbC\n\t Def  \t', 'subject:AbC Def'],
    ['A ', 'X', 'a:X'],
    ['X-Empty', '', 'x-empty:'],
    ['X-Blank', ' \n  \n\t', 'x-blank:'],
    ['X-8bit', ' \xa0caf\xe9\xa0 ', 'x-8bit:\xa0caf\xe9\xa0'],
  ])('%j:%j is %j', (name, value, form) => {
    expect(relaxedField(name, value)).toBe(form);
  });
});

describe('a signed message', () => {
  const fields: Fields = [
    ['From', ' <alice@chat.example>'],
    ['To', ' "hidden-recipients": ;'],
    ['Subject', ' [...]'],
    ['Content-Type', ' multipart/encrypted; protocol="application/pgp-encrypted"; \n\tboundary="b"'],
    ['References', ''],
    ['X-Unsigned', ' yes'],
    ['Chat-Version', Buffer.from(' caf\xe9 \xff', 'latin1')],
    ['Cc', ' <b@other.example>'],
    ['Cc', ' <c@other.example>'],
  ];

  it('is valid for another implementation, whatever its body, with both kinds of keys', async () => {
    await fc.assert(
      fc.asyncProperty(trickyBody, async (body) => {
        const message = wire(signed(fields, [body], signing({ rsa, ed25519 })), [body]);
        expect(await verdicts(message)).toEqual(['pass', 'pass']);
      }),
      { numRuns: 100 },
    );
  });

  it('has lines that no server breaks', () => {
    const [[, value] = ['', '']] = signed(fields, []);
    for (const line of value.toString().split('\n')) expect(line.length).toBeLessThan(79);
  });

  it.each([
    ['its text is changed', (text: string) => text.replace('body', 'Body')],
    ['something is added to its text', (text: string) => `${text}more\r\n`],
    ['another From is put above', (text: string) => `From: <mallory@chat.example>\r\n${text}`],
    [
      'another From is put below',
      (text: string) => text.replace('\r\n\r\n', '\r\nFrom: <mallory@chat.example>\r\n\r\n'),
    ],
    ['a header that it did not have is added', (text: string) => `Reply-To: <mallory@other.example>\r\n${text}`],
    ['a second Content-Type is added', (text: string) => `Content-Type: text/plain\r\n${text}`],
    ['a field is taken out', (text: string) => text.replace('Subject: [...]\r\n', '')],
    ['two fields change places', (text: string) => text.replace(/(Cc: <b.*\r\n)(Cc: <c.*\r\n)/, '$2$1')],
  ])('is not valid any more when %s', async (_, change) => {
    const body = Buffer.from('body\r\n');
    const message = wire(signed(fields, [body]), [body]);
    expect(await verdicts(message)).toEqual(['pass']);
    const changed = Buffer.from(change(message.toString('latin1')), 'latin1');
    expect(changed.equals(message)).toBe(false);
    expect(await verdicts(changed)).not.toContain('pass');
  });

  it('stays valid with a Received field on top, and with what is not covered', async () => {
    const body = Buffer.from('body\r\n');
    const message = wire(signed(fields, [body]), [body]).toString('latin1');
    const onTheWay = `Received: by mx.example\r\n${message.replace('X-Unsigned: yes', 'X-Unsigned: no')}\r\n\r\n`;
    expect(await verdicts(Buffer.from(onTheWay, 'latin1'))).toEqual(['pass']);
  });
});
