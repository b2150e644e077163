import { InviteError } from './errors.ts';
import { domainName, quoted } from './hosts.ts';

/** An invite to whoever scans it: each scan makes a new account. */
export interface AccountInvite {
  readonly kind: 'account';
  readonly domain: string;
  /** Where the client asks for an address (`POST`); without it the client invents one and logs in. */
  readonly url?: string;
}

export type AccountLinkOptions = { readonly domain: string } | { readonly url: string; readonly token?: string };

/**
 * `DCACCOUNT:chat.example.org`, or `DCACCOUNT:https://chat.example.org/new?token=…` where the relay has to be asked.
 *
 * Never the `//` form: Delta Chat says that it is fine and then fails to connect (chatmail/core
 * `src/qr.rs login_param_from_account_qr`).
 *
 * @throws InviteError `domain` or `url`.
 */
export function accountLink(options: AccountLinkOptions): string {
  if ('domain' in options) return `DCACCOUNT:${domainName(options.domain)}`;
  const url = accountUrl(options.url);
  if (options.token !== undefined) url.searchParams.set('token', options.token);
  return `DCACCOUNT:${url.href}`;
}

/** Reads what follows `DCACCOUNT:`. @throws InviteError */
export function parseAccountLink(payload: string): AccountInvite {
  if (payload.startsWith('//')) {
    throw new InviteError(
      'double-slash',
      'Delta Chat cannot use the form "dcaccount://"; it has to be "DCACCOUNT:" alone.',
    );
  }
  if (!/^https?:/i.test(payload)) return { kind: 'account', domain: domainName(payload) };
  const url = accountUrl(payload);
  return { kind: 'account', domain: domainName(url.hostname), url: payload };
}

function accountUrl(text: string): URL {
  // core compares the prefix as it stands, so `HTTPS://` would be taken for a domain.
  const url = text.startsWith('https://') ? URL.parse(text) : null;
  if (url === null || url.hash !== '' || url.username !== '' || url.password !== '' || /\s/.test(text)) {
    throw new InviteError('url', `${quoted(text)} is not an address like https://chat.example.org/new.`);
  }
  domainName(url.hostname);
  return url;
}
