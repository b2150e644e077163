import { isIPv4, isIPv6 } from 'node:net';
import { domainToASCII } from 'node:url';
import { InviteError } from './errors.ts';

// RFC 1035 §2.3.4: 63 octets a label, 253 a name in letters. An underscore is no host name, but trial relays have one.
const labelForm = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
const maxNameLength = 253;
const lettersOnly = /^[\p{L}\p{M}\p{N}._-]+$/u;

/** `chat.example.org` as clients write it: lower case, IDN in its `xn--` form. @throws InviteError `domain`. */
export function domainName(text: string): string {
  // domainToASCII is of the URL parser: it undoes percent signs and cuts off a path.
  const name = lettersOnly.test(text) ? domainToASCII(text).toLowerCase() : '';
  if (name.length > maxNameLength || !name.split('.').every((label) => labelForm.test(label)) || isIPv4(name)) {
    throw new InviteError('domain', `${quoted(text)} is not a domain name like chat.example.org.`);
  }
  return name;
}

/** The address in `[192.0.2.1]` or `[2001:db8::1]` (RFC 5321 §4.1.3, `IPv6:` optional as in Delta Chat), else undefined. */
export function addressLiteral(domain: string): string | undefined {
  const inside = /^\[(?:ipv6:)?([0-9a-f.:]+)\]$/i.exec(domain)?.[1];
  return inside !== undefined && (isIPv4(inside) || isIPv6(inside)) ? inside : undefined;
}

/** A server's name or IP address. @throws InviteError `host`. */
export function serverHost(text: string): string {
  if (isIPv4(text) || isIPv6(text)) return text;
  try {
    return domainName(text);
  } catch {
    throw new InviteError('host', `${quoted(text)} is neither the name of a server nor an IP address.`);
  }
}

/**
 * Whether a relay's certificate cannot be a public one: its domain starts with `_` (made for trials) or is an address
 * literal. Invites to such a relay have to be `dclogin:` links, which name the servers and accept the certificate.
 */
export function needsLoginLink(domain: string): boolean {
  return domain.startsWith('_') || addressLiteral(domain) !== undefined;
}

/** A value as it may stand in a message: one line, not endless. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
