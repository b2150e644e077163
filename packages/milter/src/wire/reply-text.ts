import { maxReplyLineBytes, maxReplyLines } from '../limits.ts';

const longestEnhancedCode = '5.999.999';

/**
 * The payload of a `y` packet: every line with code and enhanced code, CRLF between lines, a NUL at the end.
 *
 * It is what both agree on: postfix milter8.c milter8_valid_smtp_reply() and libmilter smfi_setmlreply(). A reply that
 * Postfix finds malformed costs the client its whole SMTP session, so nothing unchecked gets here.
 */
export function replyPayload(code: number, enhanced: string | undefined, text: string | readonly string[]): Buffer {
  if (!Number.isInteger(code) || code < 400 || code > 599) {
    throw new RangeError(`a reply has a code from 400 to 599, not ${code}`);
  }
  const codeClass = String(code).charAt(0);
  if (enhanced !== undefined && !(/^[45]\.\d{1,3}\.\d{1,3}$/.test(enhanced) && enhanced.startsWith(codeClass))) {
    throw new RangeError(
      `the enhanced code of a ${code} reply is like ${codeClass}.7.1, not ${JSON.stringify(enhanced)}`,
    );
  }
  const lines = typeof text === 'string' ? [text] : text;
  const room = maxReplyLineBytes - longestEnhancedCode.length - 1;
  const wrapped = lines.flatMap((line) => wrap(printable(line), room)).slice(0, maxReplyLines);
  const prefix = enhanced ?? necessaryEnhancedCode(codeClass, wrapped);
  if (wrapped.length === 0) wrapped.push('');
  const reply = wrapped.map((line, index) => {
    const separator = index === wrapped.length - 1 ? ' ' : '-';
    return `${code}${separator}${prefix === undefined ? '' : `${prefix} `}${line.replaceAll('%', '%%')}`;
  });
  return Buffer.from(`${reply.join('\r\n')}\0`, 'latin1');
}

function printable(line: string): string {
  return line.replaceAll(/[^\x20-\x7e]/g, '?');
}

/** A line that starts with a digit of another class reads as a wrong enhanced code: give it a right one. */
function necessaryEnhancedCode(codeClass: string, lines: readonly string[]): string | undefined {
  return lines.some((line) => /^\d/.test(line) && !line.startsWith(codeClass)) ? `${codeClass}.0.0` : undefined;
}

function wrap(line: string, room: number): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < line.length; at += room) pieces.push(line.slice(at, at + room));
  return pieces.length === 0 ? [''] : pieces;
}
