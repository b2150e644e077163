/** A reason is one short line; an IMAP or SMTP reply line has room for about 500 bytes in all. */
const MAX_REASON_LENGTH = 200;

/**
 * A backend's reason as text that may stand in an IMAP `NO [ALERT]` and in an SMTP reply: printable ASCII on one
 * line (RFC 9051 §9 `resp-text`, RFC 5321 §4.2 `textstring`), so that it cannot start a line of its own.
 */
export function reasonText(reason: string): string {
  return reason
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/\s+/g, ' ')
    .replace(/[^ -~]/gu, '?')
    .trim()
    .slice(0, MAX_REASON_LENGTH);
}
