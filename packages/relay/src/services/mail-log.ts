/**
 * What of Postfix's and Dovecot's log lines may be kept: only what an operator has to act on, and that without anybody's
 * address, IP or message-id. Postfix logs every delivery with sender, recipient and client address at level "info";
 * those lines are dropped whole.
 *
 * @returns undefined when the line is not to be kept.
 */
export function keepLine(line: string): string | undefined {
  const text = line.replace(syslogHeader, '');
  return worthKeeping.test(text) && !known.test(text) ? withoutQuotes(redact(text)) : undefined;
}

/**
 * The same for the program that asks for policies, `2026-11-22 21:00:00 ERROR    STS: …`, and for what ends it, `PermissionError: …`:
 * only whether it can work here, since whose policy it asks for is nobody's business.
 */
export function keepPolicyLine(line: string): string | undefined {
  const [, kind, text] = /^([\w.]*(?:Error|Exception))\b(.*)/.exec(line) ?? [];
  if (kind !== undefined) return `mta-sts: error: ${kind}${ofThisMachine.test(kind) ? redact(text ?? '') : ''}`;
  const part = /^[\d-]+ [\d:]+ (?:ERROR|CRITICAL) +(\w+): /.exec(line)?.[1];
  return part === undefined ? undefined : `mta-sts: error: ${part}`;
}

const ofThisMachine = /^(?:PermissionError|FileNotFoundError|ModuleNotFoundError|sqlite3\.\w+)$/;

/** `Nov 22 21:00:00 host `: whoever collects our lines adds the time. */
const syslogHeader = /^[A-Z][a-z]{2} [ \d]\d [\d:]{8} \S+ /;

/**
 * What any client can cause: refused logins, for which our auth service has a line each, with the reason; and settings
 * that are none (dict/connection in @postern/dovecot-auth).
 */
const known = /: warning: \S+: SASL \S+ authentication failed:| dict-server returned failure: not allowed\b/;

/** Postfix: `postfix/smtpd[7]: warning: …` (msg(3)). Dovecot: `imap(…): Error: …` (lib/failures.c). */
const worthKeeping = /: (?:warning|error|fatal|panic): |\b(?:Warning|Error|Fatal|Panic): /;

/**
 * Where Postfix repeats what a client said: a line of a message can be among it, when the client went on to send that after
 * a refusal (postfix src/smtpd/smtpd.c, smtpd_chat.c).
 */
const quoting =
  /((?:non-SMTP command|improper command pipelining after \S+) from [^:]*|Illegal address syntax from .*? command): .*/;

function withoutQuotes(line: string): string {
  return line.replace(quoting, '$1: …');
}

/** Replaces whatever looks like an address of a person or a machine. */
export function redact(line: string): string {
  return line
    .replace(/<[^<>\s]*>/g, '<…>')
    .replace(/[^\s<>,;:()[\]"'=]+@(?:[\w.-]+|\[[^\]\s]*\])/gu, '…')
    .replace(/\b[\w.-]*\[(?:[0-9a-fA-F:.]*[:.][0-9a-fA-F:.]*|unknown)\]/g, '[…]')
    .replace(/(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])/g, '…')
    .replace(/(?<![\w:])(?:[0-9a-fA-F]{1,4}:){2,7}(?::?[0-9a-fA-F]{1,4})*|(?<![\w:])::[0-9a-fA-F:]+/g, '…')
    .replace(/\b(lookup error for|next-hop destination|server hostname) "[^"]*"/g, '$1 "…"')
    .replace(/\b(TLS policy lookup for) \S+:/g, '$1 …:')
    .replace(/\b(message-id|user|rip|lip|to|from|client|helo)=[^\s,]+/gi, '$1=…');
}
