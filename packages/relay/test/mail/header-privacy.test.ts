import { describe, expect, it } from 'vitest';
import { hasNames, withoutNames } from '../../src/mail/address-fields.ts';
import { allowedHeaders, HeaderPrivacy } from '../../src/mail/header-privacy.ts';

/** The edits as a list, as a mail server would get them. */
function edits(fields: readonly (readonly [name: string, value: string])[], allowed = allowedHeaders()): string[] {
  const privacy = new HeaderPrivacy(allowed);
  for (const [name, value] of fields) privacy.header(name, value);
  const list: string[] = [];
  privacy.apply({
    changeHeader: (name, value, nth) => void list.push(`${name} ${nth} = ${value.toString()}`),
    deleteHeader: (name, nth) => void list.push(`${name} ${nth} deleted`),
  });
  return list;
}

describe('the header that leaves', () => {
  it('is left alone as real clients write it', () => {
    const genuine = [
      ['From', '<a@chat.example>'],
      ['To', '"hidden-recipients": ;'],
      ['Subject', '[...]'],
      ['Date', 'Sun, 22 Nov 2026 21:00:00 +0000'],
      ['Message-ID', '<x@localhost>'],
      ['Chat-Version', '1.0'],
      ['MIME-Version', '1.0'],
      ['Content-Type', 'multipart/encrypted; protocol="application/pgp-encrypted"; boundary=b'],
    ] as const;
    expect(edits(genuine)).toEqual([]);
  });

  it('loses every field that is not on the list, the last one first', () => {
    const fields = [
      ['X-Mailer', 'Secret/1.0'],
      ['From', '<a@chat.example>'],
      ['x-mailer', 'more'],
      ['Keywords', 'plans'],
      ['Comments', 'plans'],
    ] as const;
    expect(edits(fields)).toEqual([
      'Comments 1 deleted',
      'Keywords 1 deleted',
      'x-mailer 2 deleted',
      'X-Mailer 1 deleted',
    ]);
  });

  it('has a subject that says nothing', () => {
    expect(
      edits([
        ['Subject', 'plans'],
        ['subject', '[...]'],
        ['SUBJECT', 'more'],
      ]),
    ).toEqual(['Subject 1 = [...]', 'SUBJECT 3 = [...]']);
  });

  it('can be configured, but not to lose what makes it a message', () => {
    const allowed = allowedHeaders(['X-Kept']);
    expect(
      edits(
        [
          ['X-Kept', 'yes'],
          ['From', '<a@b.example>'],
          ['Autocrypt', 'x'],
        ],
        allowed,
      ),
    ).toEqual(['Autocrypt 1 deleted']);
  });
});

describe('addresses without names', () => {
  it.each([
    ['Alice Secret <a@chat.example>', '<a@chat.example>'],
    ['"Secret, A." <a@chat.example>, b@chat.example', '<a@chat.example>,\n <b@chat.example>'],
    ['=?utf-8?q?secret?= <a@chat.example>', '<a@chat.example>'],
    ['a@chat.example (secret)', '<a@chat.example>'],
    ['secret friends: a@chat.example, B <b@chat.example>;', '<a@chat.example>,\n <b@chat.example>'],
    ['undisclosed secret: ;', 'hidden-recipients: ;'],
    ['"secret words"@chat.example', 'hidden-recipients: ;'],
    ['secret words', 'hidden-recipients: ;'],
    ['<a@chat.example> secret', 'hidden-recipients: ;'],
    ['"se\\"cret" <a@[192.0.2.1]>', '<a@[192.0.2.1]>'],
    ['(se(cr)et) a@[IPv6:2001:db8::1], secret', '<a@[IPv6:2001:db8::1]>'],
    ['Al\n Secret\n <a@chat.example>', '<a@chat.example>'],
  ])('%j becomes %j', (value, expected) => {
    expect(withoutNames(value)).toBe(expected);
    expect(withoutNames(value)).not.toMatch(/secret/i);
    expect(hasNames(value)).toBe(true);
  });

  it.each(['<a@chat.example>', 'a@chat.example', 'a@chat.example, <b@chat.example>', 'hidden-recipients: ;'])(
    '%j has none',
    (value) => {
      expect(hasNames(value)).toBe(false);
    },
  );
});
