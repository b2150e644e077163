import { base64Lines, checksumLine, places } from '../../message.ts';
import { bodies, bytes, noise, packet, tags, usualPackets } from '../../packets.ts';
import { secret, tricks } from '../trick.ts';
import type { Trick } from '../trick.ts';

const usual = places();
const data = usual.armorData;
const lines = data.split('\r\n').slice(0, -1);
const armor = `${usual.armorBegin}${usual.armorHeaders}${data}${usual.armorChecksum}${usual.armorEnd}`;
const noChecksum = { armorChecksum: '' };
/** The data with a line changed. */
const withLine = (change: (line: string) => string, number = 3): string =>
  lines.map((line, index) => `${index === number ? change(line) : line}\r\n`).join('');
/** Packets whose base64 ends with so many characters of padding. */
const padded = (padding: number): Buffer =>
  bytes(packet(tags.skesk, bodies.skesk6()), packet(tags.seipd, bodies.seipd2(300 + ((6 - padding - ((64 + 3 + 300) % 3)) % 3))));
const changedEnd = (packets: Buffer, change: (text: string) => string): { packets: Buffer; armorData: string; armorChecksum: string } => ({
  packets,
  armorData: base64Lines(packets).replace(/[^\r\n]*\r\n$/, (last) => change(last)),
  armorChecksum: '',
});

/** Tricks with the ASCII armor in the second part (RFC 9580 §6). */
export const armorTricks: readonly Trick[] = tricks([
  ['armor-missing', 'armor-missing', 'the text', { armorBegin: secret, armorHeaders: '', armorData: '', armorChecksum: '', armorEnd: '' }],
  ['armor-missing-around-base64', 'armor-missing', 'the base64', { armorBegin: '', armorHeaders: '', armorChecksum: '', armorEnd: '' }],
  ['armor-after-text', 'armor-missing', 'the text', { armorBegin: `${secret}${usual.armorBegin}` }],
  ['armor-after-blank-lines', 'blank-lines', 'a number told by lines', { armorBegin: `${'\r\n'.repeat(17)}${usual.armorBegin}` }],
  ['armor-empty', 'encrypted-data-missing', 'nothing; a well-known filter let this pass', { armorData: '', ...noChecksum }],
  ['armor-begin-with-space', 'armor-missing', 'no armor, where the space counts', { armorBegin: '-----BEGIN PGP MESSAGE----- \r\n' }],
  ['armor-begin-indented', 'armor-missing', 'no armor, where the space counts', { armorBegin: ' -----BEGIN PGP MESSAGE-----\r\n' }],
  ['armor-begin-in-lower-case', 'armor-missing', 'no armor', { armorBegin: '-----begin pgp message-----\r\n' }],
  ['armor-begin-with-text', 'armor-missing', 'the text', { armorBegin: `-----BEGIN PGP MESSAGE----- ${secret}` }],
  ['armor-begin-dash-escaped', 'armor-missing', 'no armor', { armorBegin: '- -----BEGIN PGP MESSAGE-----\r\n' }],
  ['armor-begin-with-bare-lf', 'bare-cr-or-lf', 'no armor, where lines end with CRLF', { armorBegin: '-----BEGIN PGP MESSAGE-----\n' }],
  ['armor-of-signed-text', 'armor-missing', 'the signed text', { armorBegin: '-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n', armorHeaders: `\r\n${secret}` }],
  ['armor-of-public-key', 'armor-missing', 'a key, and its user ID', { armorBegin: '-----BEGIN PGP PUBLIC KEY BLOCK-----\r\n' }],
  ['armor-of-signature', 'armor-missing', 'a signature', { armorBegin: '-----BEGIN PGP SIGNATURE-----\r\n' }],
  ['armor-in-parts', 'armor-missing', 'one part of more', { armorBegin: '-----BEGIN PGP MESSAGE, PART 1/2-----\r\n' }],
  ['armor-of-age', 'armor-missing', 'something else', { armorBegin: '-----BEGIN AGE ENCRYPTED FILE-----\r\n' }],
  ['armor-header-comment', 'armor-header', 'the comment', { armorHeaders: 'Comment: Meet me at noon.\r\n\r\n' }],
  ['armor-header-version', 'armor-header', 'the version', { armorHeaders: 'Version: Meet me at noon.\r\n\r\n' }, 'encrypted'],
  ['armor-header-version-twice', 'armor-header', 'the versions', { armorHeaders: 'Version: Meet me\r\nVersion: at noon\r\n\r\n' }],
  ['armor-header-version-long', 'armor-header', 'the version', { armorHeaders: `Version: ${'noon '.repeat(20)}\r\n\r\n` }],
  ['armor-header-version-non-ascii', 'armor-header', 'the version', { armorHeaders: 'Version: \xe0 midi\r\n\r\n' }],
  ['armor-header-hash', 'armor-header', 'the names', { armorHeaders: 'Hash: Meet, me, at, noon\r\n\r\n' }],
  ['armor-header-charset', 'armor-header', 'the name', { armorHeaders: 'Charset: noon\r\n\r\n' }],
  ['armor-header-message-id', 'armor-header', 'the ID', { armorHeaders: 'MessageID: Meet me at noon\r\n\r\n' }],
  ['armor-header-unknown', 'armor-header', 'the text', { armorHeaders: 'X: Meet me at noon\r\n\r\n' }],
  ['armor-header-without-colon', 'armor-header', 'the text', { armorHeaders: `${secret}\r\n` }],
  ['armor-header-of-spaces', 'armor-header', 'no end of the headers, where spaces count', { armorHeaders: '  \r\n' }],
  ['armor-without-blank-line', 'armor-header', 'no data, or all of it', { armorHeaders: '' }],
  ['armor-with-two-blank-lines', 'armor-line', 'an empty line', { armorHeaders: '\r\n\r\n' }],
  ['armor-in-armor', 'armor-header', 'an armor in the armor', { armorHeaders: usual.armorBegin + usual.armorHeaders }],
  ['armor-twice', 'armor-trailing', 'two messages, or the second as text', { armorEnd: `${usual.armorEnd}${armor}` }],
  ['armor-and-text', 'armor-trailing', 'the text', { armorEnd: `${usual.armorEnd}${secret}` }],
  ['armor-and-text-without-blank-line', 'armor-trailing', 'the text', { armorEnd: `-----END PGP MESSAGE-----\r\n${secret}` }],
  ['armor-and-blank-lines', 'blank-lines', 'a number told by lines', { armorEnd: `-----END PGP MESSAGE-----${'\r\n'.repeat(18)}` }],
  ['armor-and-spaces', 'armor-trailing', 'nothing, or bits told by white space', { armorEnd: '-----END PGP MESSAGE-----\r\n \t \r\n' }],
  ['armor-and-html-comment', 'armor-trailing', 'the comment', { armorEnd: `${usual.armorEnd}<!-- ${secret} -->\r\n` }],
  ['armor-without-end', 'armor-end', 'no end, or the delimiter', { armorEnd: '' }],
  ['armor-end-of-another-kind', 'armor-end', 'no end', { armorEnd: '-----END PGP SIGNATURE-----\r\n' }],
  ['armor-end-with-text', 'armor-end', 'the text', { armorEnd: `-----END PGP MESSAGE----- ${secret}` }],
  ['armor-end-with-space', 'armor-end', 'no end, where the space counts', { armorEnd: '-----END PGP MESSAGE----- \r\n' }],
  ['armor-end-after-text', 'armor-end', 'the text', { armorEnd: `Meet me at noon.-----END PGP MESSAGE-----\r\n` }],
  ['text-between-data-and-checksum', 'armor-padding', 'the text', { armorChecksum: `${secret}${usual.armorChecksum}` }],
  ['text-between-checksum-and-end', 'armor-end', 'the text', { armorChecksum: `${usual.armorChecksum}${secret}` }],
  ['text-line-starting-with-a-dash', 'armor-end', 'the text', { armorChecksum: `- Meet me at noon.\r\n${usual.armorChecksum}` }],
  ['text-between-data', 'armor-base64', 'the text', { armorData: withLine((line) => `${secret}${line}`, 10) }],
  ['text-of-base64-characters', 'packet-trailing', 'the word', { armorData: withLine((line) => `noon\r\n${line}`, 10) }],
  ['checksum-wrong', 'armor-checksum', 'nothing, or an error', { armorChecksum: '=AAAA\r\n' }],
  ['checksum-of-other-data', 'armor-checksum', 'nothing, or an error', { armorChecksum: checksumLine(noise(10)) }],
  ['checksum-word', 'armor-checksum', 'a word', { armorChecksum: '=noon\r\n' }],
  ['checksum-short', 'armor-checksum', 'nothing, or an error', { armorChecksum: '=AAA\r\n' }],
  ['checksum-long', 'armor-checksum', 'a word', { armorChecksum: '=Meetmeatnoon\r\n' }],
  ['checksum-with-text', 'armor-checksum', 'the text', { armorChecksum: `${usual.armorChecksum.trimEnd()} Meet me at noon.\r\n` }],
  ['checksum-not-base64', 'armor-checksum', 'the characters', { armorChecksum: '=....\r\n' }],
  ['checksum-twice', 'armor-end', 'a word', { armorChecksum: `${usual.armorChecksum}=noon\r\n` }],
  ['checksum-twice-the-same', 'armor-end', 'a word', { armorChecksum: `${usual.armorChecksum}${usual.armorChecksum}` }],
  ['checksum-before-data', 'armor-end', 'a word', { armorHeaders: '\r\n=twTO\r\n' }],
  ['base64-with-space', 'armor-base64', 'what stands between the spaces', { armorData: withLine((line) => `${line.slice(0, 60)} ${line.slice(60)}`), ...noChecksum }],
  ['base64-with-tab', 'armor-base64', 'bits told by white space', { armorData: withLine((line) => `${line}\t`), ...noChecksum }],
  ['base64-with-punctuation', 'armor-base64', 'the words, where odd characters are skipped', { armorData: withLine((line) => `${line.slice(0, 40)}Meet.me.at.noon.${line.slice(56)}`), ...noChecksum }],
  ['base64-of-url-alphabet', 'armor-base64', 'other data, where it is taken', { armorData: withLine((line) => `-_${line.slice(2)}`, 3).replace('-_', 'A_'), ...noChecksum }],
  ['base64-non-ascii', 'armor-base64', 'the characters', { armorData: withLine((line) => `\xe9${line.slice(1)}`), ...noChecksum }],
  ['base64-with-nul', 'nul', 'less data, where NUL ends it', { armorData: withLine((line) => `${line.slice(0, 8)}\0${line.slice(9)}`), ...noChecksum }],
  ['base64-with-bare-lf', 'bare-cr-or-lf', 'other lines', { armorData: withLine((line) => `${line.slice(0, 32)}\n${line.slice(32)}`), ...noChecksum }],
  ['base64-with-bare-cr', 'bare-cr-or-lf', 'other lines', { armorData: withLine((line) => `${line.slice(0, 32)}\r${line.slice(32)}`), ...noChecksum }],
  ['base64-with-soft-line-breaks', 'armor-padding', 'other data, where these are undone', { armorData: withLine((line) => `${line.slice(0, 60)}=\r\n${line.slice(60)}`), ...noChecksum }],
  ['base64-line-too-long', 'armor-line', 'a line that some programs wrap', { armorData: base64Lines(usualPackets(), 80) }],
  ['base64-line-uneven', 'armor-line', 'other data, where lines are decoded one by one', { armorData: base64Lines(usualPackets(), 63) }],
  ['base64-in-one-line', 'armor-line', 'a line that some programs wrap', { armorData: base64Lines(usualPackets(), 100_000) }],
  ['base64-with-empty-line', 'armor-line', 'other data, where the armor ends there', { armorData: withLine((line) => `\r\n${line}`) }],
  ['base64-padded-inside', 'armor-padding', 'other data, where decoding goes on', { armorData: withLine((line) => `${line.slice(0, 62)}==`), ...noChecksum }],
  ['base64-hidden-bits-in-two-characters', 'armor-padding', 'bits that a strict decoder refuses', changedEnd(padded(2), (last) => last.replace(/.==\r\n$/, '/==\r\n'))],
  ['base64-hidden-bits-in-three-characters', 'armor-padding', 'bits that a strict decoder refuses', changedEnd(padded(1), (last) => last.replace(/.=\r\n$/, '/=\r\n'))],
  ['base64-padding-missing', 'armor-line', 'less data, or more', changedEnd(padded(2), (last) => last.replace('==', ''))],
  ['base64-padding-short', 'armor-padding', 'less data, or more', changedEnd(padded(2), (last) => last.replace('==', '='))],
  ['base64-padding-long', 'armor-padding', 'less data, or more', changedEnd(padded(2), (last) => last.replace('==', '==='))],
  ['base64-padding-alone', 'armor-line', 'less data, or more', changedEnd(padded(2), (last) => last.replace('==', '\r\n=='))],
  ['base64-padding-and-text', 'armor-padding', 'a word', changedEnd(padded(2), (last) => last.replace('==', '==noon'))],
  ['base64-padding-and-line', 'armor-padding', 'a word', changedEnd(padded(2), (last) => `${last}noon\r\n`)],
]);
