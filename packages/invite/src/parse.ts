import { parseAccountLink, type AccountInvite } from './account-link.ts';
import { InviteError, type InviteProblem } from './errors.ts';
import { quoted } from './hosts.ts';
import { parseLoginLink, type LoginInvite } from './login-link.ts';

/** What the text of a QR code invites to, or why Delta Chat could not use it. */
export type Invite =
  | AccountInvite
  | LoginInvite
  | { readonly kind: 'refused'; readonly code: InviteProblem; readonly reason: string };

/** No QR code holds more bytes than this (ISO/IEC 18004, version 40-L). */
export const maxLinkBytes = 2953;

/**
 * Reads an invite as strictly as the client that has to use it: what Delta Chat would take and then fail with is
 * refused too. Never throws.
 */
export function parseInvite(text: string): Invite {
  try {
    const trimmed = text.trim();
    if (Buffer.byteLength(trimmed) > maxLinkBytes) {
      throw new InviteError('too-long', `The invite has more than ${maxLinkBytes} bytes.`);
    }
    const colon = trimmed.indexOf(':');
    const payload = trimmed.slice(colon + 1);
    switch (trimmed.slice(0, Math.max(0, colon)).toLowerCase()) {
      case 'dcaccount':
        return parseAccountLink(payload);
      case 'dclogin':
        return parseLoginLink(payload);
      default:
        throw new InviteError('scheme', `${quoted(trimmed)} starts neither with "DCACCOUNT:" nor with "dclogin:".`);
    }
  } catch (error) {
    if (error instanceof InviteError) return { kind: 'refused', code: error.code, reason: error.message };
    throw error;
  }
}
