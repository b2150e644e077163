import { accountLink, loginLink, needsLoginLink } from '@postern/invite';
import type { WebSettings } from './settings.ts';

/**
 * The link that makes an account: `DCACCOUNT:domain` where anyone may come, `DCACCOUNT:https://…/new?token=…` where
 * the relay has to be asked.
 */
export function accountInvite(settings: WebSettings, token?: string): string {
  if (token !== undefined) return accountLink({ url: `${settings.origin}/new`, token });
  return accountLink({ domain: settings.domain });
}

/** Whether invites have to name servers and password, because no authority vouches for the certificate. */
export function isForOnePerson(settings: WebSettings): boolean {
  return needsLoginLink(settings.domain);
}

/** The link that logs in to one account, with the servers spelt out. */
export function loginInvite(
  settings: WebSettings,
  account: { readonly email: string; readonly password: string },
): string {
  const imap = settings.imap[0];
  const smtp = settings.smtp[0];
  return loginLink({
    address: account.email,
    password: account.password,
    ...(imap !== undefined && { imap }),
    ...(smtp !== undefined && { smtp }),
    certificateChecks: 'accept-invalid',
  });
}

/** Far longer than a token of ours; what is longer is not even passed on. */
const maxTokenLength = 128;

/** A token from a link, or undefined if it cannot be one of ours. */
export function readToken(query: URLSearchParams): string | undefined {
  const token = query.get('token');
  return token !== null && token.length <= maxTokenLength && /^[A-Za-z0-9._~-]+$/.test(token) ? token : undefined;
}
