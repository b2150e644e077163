import { describe, expect, it } from 'vitest';
import { EndOfMessageEvent } from '../src/events.ts';
import { decodeCommand } from '../src/wire/commands.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const decode = (frame: string): ReturnType<typeof decodeCommand> => decodeCommand(Buffer.from(frame, 'latin1'));

describe('a command of the mail server', () => {
  it('O offers versions, actions and protocol flags; more fields are ignored', () => {
    const offer = { kind: 'offer', version: 6, actions: 0x1ff, protocol: 0x1f_ffff };
    expect(decode('O\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff')).toEqual(offer);
    expect(decode('O\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xffjunk')).toEqual(offer);
    expect(decode('O\xff\xff\xff\xff\0\0\0\0\0\0\0\0')).toMatchObject({ version: 2 ** 32 - 1 });
  });

  it('C says who connects, by each family', () => {
    expect(decode('Cmx.example\x004\x04\xd2192.0.2.1\0')).toMatchObject({
      hostname: 'mx.example',
      peer: { family: 'ipv4', address: '192.0.2.1', port: 1234 },
    });
    expect(decode('C[::1]\x006\0\x192001:db8::1\0')).toMatchObject({
      peer: { family: 'ipv6', address: '2001:db8::1', port: 25 },
    });
    expect(decode('Clocalhost\0L\0\0/run/x\0')).toMatchObject({ peer: { family: 'unix', path: '/run/x' } });
    expect(decode('Cunknown\0U')).toMatchObject({ peer: { family: 'unknown' } });
  });

  it.each(['IPv6:2001:db8::1', 'ipv6:2001:db8::1'])('C takes %s for the address without its prefix', (address) => {
    expect(decode(`Cx\x006\0\x19${address}\0`)).toMatchObject({ peer: { address: '2001:db8::1' } });
  });

  it('H, M, R and U carry strings', () => {
    expect(decode('Hclient.example\0')).toMatchObject({ kind: 'helo', name: 'client.example' });
    expect(decode('M<a@b>\0SIZE=10\0BODY=8BITMIME\0')).toMatchObject({
      from: 'a@b',
      parameters: ['SIZE=10', 'BODY=8BITMIME'],
    });
    expect(decode('R<c@d>\0NOTIFY=NEVER\0')).toMatchObject({ to: 'c@d', parameters: ['NOTIFY=NEVER'] });
    expect(decode('UXYZZY now\0')).toMatchObject({ kind: 'unknown', line: 'XYZZY now' });
  });

  it.each([
    ['<>', ''],
    ['', ''],
    ['a@b', 'a@b'],
    ['<@r:a@b>', '@r:a@b'],
    ['<"a b"@c>', '"a b"@c'],
    ['<>>', '>'],
    ['<', '<'],
  ])('M shows the sender %j as %j', (raw, from) => {
    const event = decode(`M${raw}\0`);
    expect(event).toMatchObject({ kind: 'mail', from, raw: Buffer.from(raw) });
  });

  it('L has a name and a value, whose bytes are kept', () => {
    expect(decode('LSubject\0 two\n folded\0')).toMatchObject({ name: 'Subject', value: ' two\n folded' });
    expect(decode('LX-Empty\0\0')).toMatchObject({ name: 'X-Empty', value: '' });
    const event = decode('LX-Bytes\0\xff\xfe\0');
    expect(event).toMatchObject({ value: '\ufffd\ufffd' });
    expect(event.kind === 'header' && text(event.rawValue)).toBe('\xff\xfe');
  });

  it('T, N, A, Q and K are empty', () => {
    expect(['T', 'N', 'A', 'Q', 'K'].map((frame) => decode(frame).kind)).toEqual([
      'data',
      'endOfHeaders',
      'abort',
      'quit',
      'quitNewConnection',
    ]);
  });

  it('B is bytes, and E may have the last of them', () => {
    const body = decode('B\0\xff\r\n');
    expect(body.kind === 'body' && text(body.chunk)).toBe('\0\xff\r\n');
    const end = decode('Elast');
    expect(end.kind === 'endOfMessage' && text(EndOfMessageEvent.lastChunk(end))).toBe('last');
  });

  it('D names the command that its macros are for, and is never wrong', () => {
    expect(decode('DMi\0Q1\0')).toMatchObject({ kind: 'macros', stage: 0x4d, list: Buffer.from('i\0Q1\0') });
    expect(decode('D')).toMatchObject({ kind: 'macros', stage: 0 });
  });

  it.each([
    ['O with 4 octets', 'O\0\0\0\x06', 'field-missing'],
    ['O alone', 'O', 'field-missing'],
    ['C of an unknown family', 'Cx\0Z\0\x19y\0', 'unknown-family'],
    ['C without a port', 'Cx\x004', 'field-missing'],
    ['C without a family', 'Cx\0', 'field-missing'],
    ['C whose hostname does not end', 'Cx', 'field-unterminated'],
    ['C whose address does not end', 'Cx\x004\0\x19192.0.2.1', 'field-unterminated'],
    ['C with a bad IPv4 address', 'Cx\x004\0\x19192.0.2.256\0', 'bad-address'],
    ['C with a bad IPv6 address', 'Cx\x006\0\x19IPv6:192.0.2.1\0', 'bad-address'],
    ['H without a NUL', 'Hx', 'field-unterminated'],
    ['H alone', 'H', 'field-missing'],
    ['M alone', 'M', 'field-missing'],
    ['M whose parameter does not end', 'M<a>\0SIZE', 'field-unterminated'],
    ['R alone', 'R', 'field-missing'],
    ['L without a value', 'LSubject\0', 'field-missing'],
    ['L whose value does not end', 'LSubject\0x', 'field-unterminated'],
    ['U alone', 'U', 'field-missing'],
    ['command 0x00', '\0', 'unknown-command'],
    ['command 0xff', '\xff', 'unknown-command'],
  ])('%s is refused', (_, frame, code) => {
    expect(() => decode(frame)).toThrow(expect.objectContaining({ name: 'MilterProtocolError', code }));
  });
});
