import { describe, expect, it } from 'vitest';
import { readAuthor } from '../../src/mail/from-header.ts';

const one = (address: string): unknown => ({ kind: 'one', address });

describe('the author', () => {
  it.each([
    ['<alice@chat.example>', 'alice@chat.example'],
    ['alice@chat.example', 'alice@chat.example'],
    ['Alice@Chat.Example', 'alice@chat.example'],
    ['"Alice, the one" <alice@chat.example>', 'alice@chat.example'],
    ['"a \\" quote" <alice@chat.example>', 'alice@chat.example'],
    ['Alice Liddell <alice@chat.example>', 'alice@chat.example'],
    ['=?utf-8?q?Al=C3=ACce?=\n <alice@chat.example>', 'alice@chat.example'],
    ['Алиса <alice@chat.example>', 'alice@chat.example'],
    ['<alice@[192.0.2.1]>', 'alice@[192.0.2.1]'],
    [' \t<alice@_chat.example> ', 'alice@_chat.example'],
  ])('of %j is %s', (value, address) => {
    expect(readAuthor([value])).toEqual(one(address));
  });

  it.each([
    ['two addresses', '<alice@chat.example>, <mallory@evil.example>'],
    ['two addresses without a comma', '<alice@chat.example> <mallory@evil.example>'],
    ['an address as a name', 'mallory@evil.example <alice@chat.example>'],
    ['a comment', 'alice@chat.example (mallory@evil.example)'],
    ['a group', 'friends: <alice@chat.example>;'],
    ['a route', '<@evil.example:alice@chat.example>'],
    ['a quoted local part', '<"alice"@chat.example>'],
    ['an open quote', '"Alice <alice@chat.example>'],
    ['no address', 'Alice'],
    ['nothing', ''],
    ['an empty pair of brackets', '<>'],
    ['white space inside', '<alice @chat.example>'],
    ['a bare line end', 'alice@chat.example\nBcc: x@y.example'],
    ['two at signs', '<alice@chat.example@evil.example>'],
    ['a NUL', 'alice@chat.example\0'],
    ['a huge value', `${'a'.repeat(5000)} <alice@chat.example>`],
  ])('is ambiguous with %s', (_, value) => {
    expect(readAuthor([value])).toEqual({ kind: 'ambiguous' });
  });

  it('is ambiguous with two From fields, even equal ones', () => {
    expect(readAuthor(['<alice@chat.example>', '<alice@chat.example>'])).toEqual({ kind: 'ambiguous' });
  });

  it('is missing without a From field', () => {
    expect(readAuthor([])).toEqual({ kind: 'none' });
  });
});
