import { describe, expect, it } from 'vitest';
import { decodePacket } from '../src/testing/codec.ts';
import { applyEdits } from '../src/testing/index.ts';

describe('the test client', () => {
  it.each([
    ['a verdict with bytes behind it', 'cx', /followed by 1 bytes/],
    ['an unknown answer', 'z', /no answer/],
    ['a header without its last NUL', 'hX\0v', /does not end with a NUL/],
    ['a header without a value', 'hX\0', /1 strings where 2/],
    ['a third string', '2<a>\0x\0y\0', /left-over data/],
    ['an index of two bytes', 'i\0\0', /no index/],
    ['a reply of another class', 'y550 4.7.1 x\0', /malformed reply/],
    ['a 2xx reply', 'y250 ok\0', /malformed reply/],
    ['a reply with LF between its lines', 'y550-a\n550 b\0', /malformed reply/],
    ['a reply that ends in CRLF', 'y550 a\r\n\0', /malformed reply/],
    ['a reply without text and space', 'y550\0', /malformed reply/],
    ['a macro request that is cut off', 'O\0\0\0\x06\0\0\0\0\0\0\0\0\0\0\0\x02i', /cut off/],
  ])('refuses %s, as Postfix does', (_, packet, message) => {
    expect(() => decodePacket(Buffer.from(packet, 'latin1'))).toThrow(message);
  });

  it('edits a message as Postfix does', () => {
    const message = {
      sender: 'a@b',
      recipients: ['c@d'],
      headers: [
        ['X', '1'],
        ['Y', '2'],
        ['x', '3'],
      ],
      body: 'old',
    } as const;
    const edited = applyEdits(message, [
      { kind: 'changeHeader', index: 2, name: 'X', value: '' },
      { kind: 'changeHeader', index: 1, name: 'X', value: 'one' },
      { kind: 'changeHeader', index: 1, name: 'Z', value: 'new' },
      { kind: 'changeHeader', index: 9, name: 'Y', value: '' },
      { kind: 'insertHeader', index: 0, name: 'First', value: 'v' },
      { kind: 'addHeader', name: 'Last', value: 'v' },
      { kind: 'changeSender', address: '<>', parameters: '' },
      { kind: 'addRecipient', address: '<e@f>', parameters: '' },
      { kind: 'addRecipient', address: '<c@d>', parameters: '' },
      { kind: 'deleteRecipient', address: 'c@d' },
      { kind: 'replaceBody', bytes: Buffer.from('ne') },
      { kind: 'replaceBody', bytes: Buffer.from('w') },
    ]);
    expect(edited).toEqual({
      sender: '',
      recipients: ['e@f'],
      headers: [
        ['First', 'v'],
        ['X', 'one'],
        ['Y', '2'],
        ['Z', 'new'],
        ['Last', 'v'],
      ],
      body: 'new',
    });
  });
});
