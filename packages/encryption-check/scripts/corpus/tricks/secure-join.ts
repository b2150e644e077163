import { addresses, boundary, encryptedMessage, secureJoinRequest } from '../../message.ts';
import { secret, tricks } from '../trick.ts';
import type { Row, Trick } from '../trick.ts';

const usual = secureJoinRequest().toString('latin1');
const changed = (name: string, reason: Row[1], sees: string, from: string | RegExp, to: string): Row => {
  const raw = usual.replace(from, () => to);
  if (raw === usual) throw new Error(`${name} changes nothing`);
  return [name, reason, sees, Buffer.from(raw, 'latin1')];
};
const text = '\r\n\r\nSecure-Join: vc-request';
const type = `Content-Type: multipart/mixed; \r\n\tboundary="${boundary}"`;
const partType = 'Content-Type: text/plain; charset="utf-8"';
const last = `\r\n--${boundary}--\r\n`;
const report = (from: string, kind: string): Buffer =>
  Buffer.from(
    `From: <${from}>\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=${kind}; boundary="${boundary}"\r\n` +
      `\r\n--${boundary}\r\nContent-Type: text/plain\r\n\r\n${secret}--${boundary}--\r\n`,
  );

/** Tricks that dress text up as a SecureJoin request, or as mail that a machine wrote. */
export const secureJoinTricks: readonly Trick[] = tricks([
  changed('secure-join-with-other-text', 'secure-join-shape', 'the text', text, `\r\n\r\n${secret}`),
  changed('secure-join-with-text-behind', 'secure-join-shape', 'the text', text, `${text} Meet me at noon.`),
  changed('secure-join-with-text-above', 'secure-join-shape', 'the text', text, `\r\n\r\n${secret}Secure-Join: vc-request`),
  changed('secure-join-with-text-below', 'secure-join-shape', 'the text', text, `${text}\r\n${secret}`),
  changed('secure-join-with-no-text', 'secure-join-shape', 'nothing', text, '\r\n\r\n'),
  changed('secure-join-twice', 'secure-join-shape', 'the word twice', text, `${text}${text.slice(2)}`),
  changed('secure-join-of-later-step', 'secure-join-shape', 'the word', /vc-request/g, 'vc-request-with-auth'),
  changed('secure-join-of-other-step', 'secure-join-shape', 'the word', text, '\r\n\r\nSecure-Join: vc-auth-required'),
  changed('secure-join-of-other-request', 'secure-join-shape', 'the word', text, '\r\n\r\nSecure-Join: vg-request'),
  changed('secure-join-header-with-text', 'secure-join-shape', 'the header', 'Secure-Join: vc-request\r\nSecure', 'Secure-Join: vc-request noon\r\nSecure'),
  changed('secure-join-header-encoded', 'secure-join-shape', 'the word', 'Secure-Join: vc-request\r\nSecure', 'Secure-Join: =?utf-8?q?vc-request?=\r\nSecure'),
  changed('secure-join-after-byte-order-mark', 'secure-join-shape', 'the word', text, '\r\n\r\n\xef\xbb\xbfSecure-Join: vc-request'),
  changed('secure-join-quoted', 'secure-join-shape', 'a quotation', text, '\r\n\r\n> Secure-Join: vc-request'),
  changed('secure-join-after-html-comment', 'secure-join-shape', 'the comment', text, `\r\n\r\n<!-- noon --> Secure-Join: vc-request`),
  changed('secure-join-part-without-type', 'secure-join-shape', 'the word', `${partType}\r\n`, ''),
  changed('secure-join-part-flowed', 'secure-join-shape', 'other lines', partType, `${partType}; format=flowed`),
  changed('secure-join-header-in-upper-case', 'secure-join-shape', 'the word', 'Secure-Join: vc-request\r\nSecure', 'Secure-Join: VC-REQUEST\r\nSecure'),
  changed('secure-join-header-twice', 'header-duplicate', 'the header', 'Secure-Join: vc-request\r\nSecure', 'Secure-Join: vc-request\r\nSecure-Join: noon\r\nSecure'),
  changed('secure-join-header-missing', 'not-encrypted', 'the text', 'Secure-Join: vc-request\r\nSecure', 'Secure'),
  changed('secure-join-header-in-the-part', 'not-encrypted', 'the text', /Secure-Join: vc-request\r\nSecure[^\r]*\r\n/, ''),
  changed('secure-join-of-one-text-part', 'not-encrypted', 'the text', type, 'Content-Type: text/plain'),
  changed('secure-join-alternative', 'not-encrypted', 'the parts', type, `Content-Type: multipart/alternative; boundary="${boundary}"`),
  changed('secure-join-with-parameter', 'secure-join-shape', 'the parameter', type, `${type}; x="Meet me at noon"`),
  changed('secure-join-without-mime-version', 'mime-version', 'the body as text', 'MIME-Version: 1.0\r\n', ''),
  changed('secure-join-base64-on-top', 'transfer-encoding', 'whatever it decodes to', 'MIME-Version', 'Content-Transfer-Encoding: base64\r\nMIME-Version'),
  changed('secure-join-html', 'secure-join-shape', 'the page', partType, 'Content-Type: text/html'),
  changed('secure-join-in-utf-16', 'secure-join-shape', 'other text', partType, 'Content-Type: text/plain; charset=utf-16'),
  changed('secure-join-in-utf-7', 'secure-join-shape', 'other text', partType, 'Content-Type: text/plain; charset=utf-7'),
  changed('secure-join-part-named', 'secure-join-shape', 'an attachment of that name', partType, 'Content-Type: text/plain; name="noon.txt"'),
  changed('secure-join-base64', 'transfer-encoding', 'whatever it decodes to', 'Encoding: 7bit', 'Encoding: base64'),
  changed('secure-join-quoted-printable', 'transfer-encoding', 'whatever it decodes to', 'Encoding: 7bit', 'Encoding: quoted-printable'),
  changed('secure-join-part-with-subject', 'part-header', 'the subject', partType, `${partType}\r\nSubject: Meet me at noon`),
  changed('secure-join-part-described', 'part-header', 'the description', partType, `${partType}\r\nContent-Description: Meet me at noon`),
  changed('secure-join-part-attached', 'part-header', 'an attachment', partType, `${partType}\r\nContent-Disposition: attachment; filename=noon.txt`),
  changed('secure-join-part-id-of-text', 'part-header', 'the ID', '<1bf94f99@localhost>', 'Meet me at noon'),
  changed('secure-join-second-part', 'secure-join-shape', 'the text', last, `\r\n--${boundary}\r\nContent-Type: text/plain\r\n\r\n${secret}--${boundary}--\r\n`),
  changed('secure-join-nested', 'secure-join-shape', 'the text', partType, 'Content-Type: multipart/mixed; boundary="inner"'),
  changed('secure-join-preamble', 'preamble', 'the text', `\r\n\r\n--${boundary}\r\n`, `\r\n${secret}--${boundary}\r\n`),
  changed('secure-join-epilogue', 'epilogue', 'the text', last, `${last}${secret}`),
  changed('secure-join-many-blank-lines', 'blank-lines', 'a number told by lines', text, `${text}${'\r\n'.repeat(18)}`),
  changed('secure-join-with-bare-lf', 'bare-cr-or-lf', 'the text', text, `${text}\nnoon`),
  changed('secure-join-with-nul', 'nul', 'the text', text, `${text}\0noon`),
  changed('secure-join-with-vertical-tab', 'secure-join-shape', 'a line more', text, `${text}\x0b`),
  changed('secure-join-without-end', 'body-truncated', 'the text', last, '\r\n'),
  ['secure-join-header-on-text', 'not-encrypted', 'the text', Buffer.from(`${addresses}MIME-Version: 1.0\r\nSecure-Join: vc-request\r\nContent-Type: text/plain\r\n\r\n${secret}`)],
  ['secure-join-header-on-broken-encryption', 'epilogue', 'the text', Buffer.concat([Buffer.from('Secure-Join: vc-request\r\n'), encryptedMessage({ epilogue: secret })])],
  ['bounce-from-a-user', 'not-encrypted', 'the text', report('mailer-daemon@relay.test', 'delivery-status'), 'bounce'],
  ['read-receipt', 'not-encrypted', 'the text', report('alice@relay.test', 'disposition-notification')],
  ['setup-message', 'not-encrypted', 'the text around the key', Buffer.from(`${addresses}MIME-Version: 1.0\r\nSubject: Autocrypt Setup Message\r\nAutocrypt-Setup-Message: v1\r\n${type}\r\n\r\n--${boundary}\r\n\r\n${secret}--${boundary}--\r\n`)],
]);
