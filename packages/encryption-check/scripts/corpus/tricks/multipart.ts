import { base64Lines, boundary, encryptedMessage, places } from '../../message.ts';
import type { Changes } from '../../message.ts';
import { secret, tricks } from '../trick.ts';
import type { Trick } from '../trick.ts';

const delimiter = `--${boundary}\r\n`;
const last = `--${boundary}--\r\n`;
const usual = places();
const noData = { dataDelimiter: '', dataHeader: '', armorBegin: '', armorHeaders: '', armorData: '', armorChecksum: '', armorEnd: '' };
const noVersion = { versionDelimiter: '', versionHeader: '', versionText: '' };
const textPart = `${delimiter}Content-Type: text/plain\r\n\r\n${secret}`;
const versionHeader = (lines: string): Changes => ({ versionHeader: `${lines}\r\n` });
const dataHeader = (lines: string): Changes => ({ dataHeader: `${lines}\r\n` });
const versionType = 'Content-Type: application/pgp-encrypted\r\n';
const dataType = 'Content-Type: application/octet-stream\r\n';
const armor = `${usual.armorBegin}${usual.armorHeaders}${usual.armorData}${usual.armorChecksum}${usual.armorEnd}`;
const noArmor = { armorBegin: '', armorHeaders: '', armorData: '', armorChecksum: '', armorEnd: '' };
const thunderbird = 'This is an OpenPGP/MIME encrypted message (RFC 4880 and 3156)\r\n';

/** Tricks with the parts of the message and the places between them. */
export const multipartTricks: readonly Trick[] = tricks([
  ['preamble-text', 'preamble', 'the text, in programs without MIME', { preamble: secret }],
  ['preamble-text-and-no-second-part', 'preamble', 'the text; a well-known filter let this pass', { preamble: secret, ...noData }],
  ['preamble-html', 'preamble', 'the page', { preamble: '<html>Meet me at noon.</html>\r\n' }],
  ['preamble-of-spaces', 'preamble', 'nothing, or bits told by white space', { preamble: ' \t \t\t \r\n' }],
  ['preamble-many-blank-lines', 'blank-lines', 'nothing, or a number told by lines', { preamble: '\r\n'.repeat(17) }],
  ['preamble-known-sentence', 'preamble', 'a fixed sentence', { preamble: thunderbird }, 'encrypted'],
  ['preamble-known-sentence-and-text', 'preamble', 'the text', { preamble: `${thunderbird}${secret}` }],
  ['preamble-known-sentence-extended', 'preamble', 'the text', { preamble: thunderbird.replace(')', ', noon)') }],
  ['preamble-other-multipart', 'preamble', 'the part, in programs that look for any delimiter', { preamble: `--other\r\nContent-Type: text/plain\r\n\r\n${secret}--other--\r\n` }],
  ['preamble-longer-delimiter', 'preamble', 'the text as a part, where prefixes are compared', { preamble: `--${boundary}x\r\nContent-Type: text/plain\r\n\r\n${secret}` }],
  ['preamble-uuencoded', 'preamble', 'a file', { preamble: 'begin 644 noon.txt\r\n03&5E="!M92!A="!N;V]N+@``\r\nend\r\n' }],
  ['preamble-before-delimiter', 'preamble', 'the text, and no first part', { versionDelimiter: `Meet me at noon. ${delimiter}` }],
  ['epilogue-text', 'epilogue', 'the text, in programs that show what is left', { epilogue: secret }],
  ['epilogue-text-after-blank-lines', 'epilogue', 'the text', { epilogue: `\r\n\r\n${secret}` }],
  ['epilogue-of-spaces', 'epilogue', 'nothing, or bits told by white space', { epilogue: ' \t \t\t \r\n' }],
  ['epilogue-many-blank-lines', 'blank-lines', 'nothing, or a number told by lines', { epilogue: '\r\n'.repeat(17) }],
  ['epilogue-uuencoded', 'epilogue', 'a file', { epilogue: 'begin 644 noon.txt\r\n03&5E="!M92!A="!N;V]N+@``\r\nend\r\n' }],
  ['epilogue-another-part', 'epilogue', 'a third part, where the first end is not final', { epilogue: `${textPart}${last}` }],
  ['epilogue-without-line-end', 'epilogue', 'the text', { epilogue: 'Meet me at noon.' }],
  ['epilogue-of-a-mailing-list', 'epilogue', 'the footer', { epilogue: '_______\r\nlist mailing list\r\n' }],

  ['no-second-part', 'second-part-missing', 'nothing; a well-known filter stops looking here', noData],
  ['no-second-part-and-no-end', 'second-part-missing', 'the text', { ...noData, versionText: 'Version: 1\r\n', close: '' }],
  ['no-first-part', 'first-part-type', 'an attachment', noVersion],
  ['parts-swapped', 'first-part-type', 'an attachment', Buffer.from(`${usual.contentType}${usual.mimeVersion}${usual.otherHeaders}\r\n${delimiter}${usual.dataHeader}${armor}${delimiter}${usual.versionHeader}${usual.versionText}${last}`, 'latin1')],
  ['third-part-text', 'part-too-many', 'the text', { close: `${textPart}${last}` }],
  ['third-part-html', 'part-too-many', 'the page', { close: `${delimiter}Content-Type: text/html\r\n\r\n${secret}${last}` }],
  ['third-part-encrypted', 'part-too-many', 'nothing, or two messages', { close: `${delimiter}${usual.dataHeader}${armor}${last}` }],
  ['part-between-text', 'second-part-type', 'the text', { dataDelimiter: `${textPart}${delimiter}` }],
  ['part-before-text', 'first-part-type', 'the text', { versionDelimiter: `${textPart}${delimiter}` }],
  ['first-part-twice', 'second-part-type', 'nothing', { dataDelimiter: `${delimiter}${usual.versionHeader}${usual.versionText}${delimiter}` }],
  ['no-end', 'body-truncated', 'nothing', { close: '' }],
  ['end-with-one-dash', 'armor-trailing', 'a line of dashes, or a part', { close: `--${boundary}-\r\n` }],
  ['end-with-text', 'armor-trailing', 'the text, where the line is no end', { close: `--${boundary}-- Meet me at noon.\r\n` }],
  ['end-with-spaces', 'armor-trailing', 'nothing, where the line is no end', { close: `--${boundary}-- \r\n` }],
  ['delimiter-with-spaces', 'preamble', 'one part less, where spaces are not skipped', { versionDelimiter: `--${boundary} \t\r\n` }],
  ['delimiter-with-text', 'preamble', 'the text', { versionDelimiter: `--${boundary} Meet me at noon.\r\n` }],
  ['delimiter-of-longer-boundary', 'first-part-text', 'one part less, or more', { dataDelimiter: `--${boundary}x\r\n` }],
  ['delimiter-with-bare-lf', 'bare-cr-or-lf', 'one part less, or more', { versionDelimiter: `--${boundary}\n` }],
  ['delimiter-with-bare-cr', 'bare-cr-or-lf', 'one part less, or more', { versionDelimiter: `--${boundary}\r` }],
  ['delimiter-in-upper-case', 'preamble', 'one part less, or more', { versionDelimiter: delimiter.toUpperCase() }],
  ['nested-multipart', 'first-part-type', 'the text', { versionHeader: 'Content-Type: multipart/mixed; boundary="inner"\r\n\r\n', versionText: `--inner\r\n\r\n${secret}--inner--\r\n` }],
  ['nested-multipart-of-longer-boundary', 'second-part-type', 'the text', { ...dataHeader(`Content-Type: multipart/mixed; boundary="${boundary}x"\r\n`), armorBegin: `--${boundary}x\r\n\r\n${secret}` }],
  ['nested-message', 'second-part-type', 'the message inside', { ...dataHeader('Content-Type: message/rfc822\r\n'), armorBegin: `Subject: noon\r\n\r\n${secret}` }],

  ['version-2', 'first-part-text', 'the word', { versionText: 'Version: 2\r\n' }],
  ['version-with-text-behind', 'first-part-text', 'the text', { versionText: 'Version: 1 Meet me at noon.\r\n' }],
  ['version-with-text-below', 'first-part-text', 'the text', { versionText: `Version: 1\r\n${secret}` }],
  ['version-with-text-above', 'first-part-text', 'the text', { versionText: `${secret}Version: 1\r\n` }],
  ['version-in-lower-case', 'first-part-text', 'the word', { versionText: 'version: 1\r\n' }],
  ['version-with-space-behind', 'first-part-text', 'the word', { versionText: 'Version: 1 \r\n' }],
  ['version-missing', 'first-part-text', 'nothing', { versionText: '\r\n' }],
  ['version-many-blank-lines', 'blank-lines', 'a number told by lines', { versionText: `Version: 1\r\n${'\r\n'.repeat(17)}` }],
  ['version-twice', 'first-part-text', 'the word', { versionText: 'Version: 1\r\nVersion: 1\r\n' }],
  ['version-with-nul', 'nul', 'the text behind the NUL, or not', { versionText: 'Version: 1\0Meet me at noon.\r\n' }],
  ['version-with-bare-lf', 'bare-cr-or-lf', 'the text', { versionText: `Version: 1\n${secret}` }],
  ['version-with-bare-cr', 'bare-cr-or-lf', 'the text', { versionText: `Version: 1\r${secret}` }],
  ['version-in-a-long-line', 'line-too-long', 'the text', { versionText: `Version: 1${' '.repeat(1000)}${secret}` }],
  ['version-part-text', 'first-part-type', 'the text', { ...versionHeader('Content-Type: text/plain\r\n'), versionText: secret }],
  ['version-part-html', 'first-part-type', 'the page', { ...versionHeader('Content-Type: text/html\r\n'), versionText: secret }],
  ['version-part-without-type', 'first-part-type', 'the text (RFC 2045 §5.2)', { ...versionHeader(''), versionText: secret }],
  ['version-part-with-type-twice', 'part-header', 'the text', versionHeader(`${versionType}Content-Type: text/plain\r\n`)],
  ['version-part-with-comment', 'first-part-type', 'the comment', versionHeader('Content-Type: application/pgp-encrypted (Meet me at noon)\r\n')],
  ['version-part-named', 'first-part-type', 'an attachment of that name', versionHeader('Content-Type: application/pgp-encrypted; name="Meet me at noon"\r\n')],
  ['version-part-name-encoded', 'first-part-type', 'an attachment of that name', versionHeader('Content-Type: application/pgp-encrypted; name="=?utf-8?q?noon?="\r\n')],
  ['version-part-in-utf-7', 'first-part-type', 'the text in UTF-7', versionHeader('Content-Type: application/pgp-encrypted; charset=utf-7\r\n')],
  ['version-part-described', 'part-header', 'the description', versionHeader(`${versionType}Content-Description: Meet me at noon\r\n`), 'encrypted'],
  ['version-part-with-file-name', 'part-header', 'an attachment of that name', versionHeader(`${versionType}Content-Disposition: inline; filename="noon.txt"\r\n`)],
  ['version-part-with-unknown-disposition', 'part-header', 'the value', versionHeader(`${versionType}Content-Disposition: noon\r\n`)],
  ['version-part-with-extra-field', 'part-header', 'the field, in the source', versionHeader(`${versionType}X-Note: Meet me at noon\r\n`)],
  ['version-part-with-subject', 'part-header', 'the subject, in programs with protected headers', versionHeader(`${versionType}Subject: Meet me at noon\r\n`)],
  ['version-part-base64', 'transfer-encoding', 'the decoded text', { ...versionHeader(`${versionType}Content-Transfer-Encoding: base64\r\n`), versionText: 'Version: 1\r\n' }],
  ['version-part-quoted-printable', 'transfer-encoding', 'the decoded text', versionHeader(`${versionType}Content-Transfer-Encoding: quoted-printable\r\n`)],
  ['version-part-header-without-colon', 'part-header', 'the text', versionHeader(`${versionType}${secret}`)],
  ['version-part-header-continued-by-blanks', 'part-header', 'the text', versionHeader(`${versionType} \r\n ${secret}`)],
  ['version-part-type-on-the-next-line', 'part-header', 'the text, where the line end is kept', versionHeader('Content-Type:\r\n application/pgp-encrypted\r\n')],
  ['version-part-header-starts-with-continuation', 'part-header', 'the text', versionHeader(` ${secret}${versionType}`)],
  ['version-part-header-with-control', 'part-header', 'a line more', versionHeader(`${versionType}Content-Description: a\x0bb\r\n`)],
  ['version-part-header-too-long', 'part-header', 'the text', versionHeader(`${versionType}Content-Description: a\r\n${` ${'a'.repeat(500)}\r\n`.repeat(3)}`)],
  ['version-part-with-many-fields', 'part-header', 'the fields, in the source', versionHeader(versionType + Array.from({ length: 9 }, (_, n) => `Content-X${n}: noon\r\n`).join(''))],
  ['version-part-header-without-end', 'part-header', 'the word', { versionHeader: versionType, versionText: `${secret}\r\n` }],

  ['data-part-text', 'second-part-type', 'the text', { ...dataHeader('Content-Type: text/plain\r\n'), ...noArmor, armorBegin: secret }],
  ['data-part-armor-as-text', 'second-part-type', 'the armor, and what stands around it', dataHeader('Content-Type: text/plain\r\n')],
  ['data-part-html', 'second-part-type', 'the page', dataHeader('Content-Type: text/html\r\n')],
  ['data-part-pdf', 'second-part-type', 'the document', dataHeader('Content-Type: application/pdf\r\n')],
  ['data-part-without-type', 'second-part-type', 'the text', dataHeader('')],
  ['data-part-with-type-twice', 'part-header', 'the text', dataHeader(`${dataType}Content-Type: text/plain\r\n`)],
  ['data-part-named', 'second-part-type', 'an attachment of that name', dataHeader('Content-Type: application/octet-stream; name="Meet me at noon.asc"\r\n'), 'encrypted'],
  ['data-part-name-continued', 'second-part-type', 'an attachment of that name', dataHeader(`Content-Type: application/octet-stream; name*0="Meet me"; name*1=" at noon"\r\n`)],
  ['data-part-described', 'part-header', 'the description', dataHeader(`${dataType}Content-Description: Meet me at noon\r\n`), 'encrypted'],
  ['data-part-with-long-description', 'part-header', 'the description', dataHeader(`${dataType}Content-Description: ${'noon '.repeat(40)}\r\n`)],
  ['data-part-with-file-name', 'part-header', 'an attachment of that name', dataHeader(`${dataType}Content-Disposition: attachment; filename="noon.asc"\r\n`), 'encrypted'],
  ['data-part-with-dates', 'part-header', 'the dates', dataHeader(`${dataType}Content-Disposition: inline; modification-date="Sat, 21 Nov 2026 12:00:00 +0000"\r\n`)],
  ['data-part-with-id', 'part-header', 'the field, in the source', dataHeader(`${dataType}Content-ID: <Meet.me.at.noon>\r\n`)],
  ['data-part-base64', 'transfer-encoding', 'whatever it decodes to', { ...dataHeader(`${dataType}Content-Transfer-Encoding: base64\r\n`), ...noArmor, armorBegin: base64Lines(Buffer.from(armor)) }],
  ['data-part-quoted-printable', 'transfer-encoding', 'whatever it decodes to', dataHeader(`${dataType}Content-Transfer-Encoding: quoted-printable\r\n`)],
  ['data-part-of-unknown-encoding', 'transfer-encoding', 'whatever it decodes to', dataHeader(`${dataType}Content-Transfer-Encoding: x-noon\r\n`)],
  ['data-part-encoding-with-comment', 'transfer-encoding', 'the comment', dataHeader(`${dataType}Content-Transfer-Encoding: 7bit (noon)\r\n`)],
  ['body-with-lf-only', 'bare-cr-or-lf', 'other lines than the check', Buffer.from(encryptedMessage().toString('latin1').replace(/\r\n\r\n([^]*)$/, (_, body: string) => `\r\n\r\n${body.replaceAll('\r\n', '\n')}`), 'latin1')],
  ['body-with-cr-only', 'bare-cr-or-lf', 'one long line', Buffer.from(encryptedMessage().toString('latin1').replace(/\r\n\r\n([^]*)$/, (_, body: string) => `\r\n\r\n${body.replaceAll('\r\n', '\r')}`), 'latin1')],
]);
