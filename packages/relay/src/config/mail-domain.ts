import { isIPv4, isIPv6 } from 'node:net';

/** RFC 1035 §2.3.4 lengths; a label may also start with `_`, the mark of a relay without certificate authority. */
export function isMailDomain(text: string): boolean {
  const literal = /^\[(.+)\]$/.exec(text)?.[1];
  if (literal !== undefined) return isIPv4(literal) || isIPv6(literal.replace(/^ipv6:/i, ''));
  if (text.length > 253) return false;
  const labels = text.split('.');
  if (labels.length === 1 && !text.startsWith('_')) return false;
  return labels.every((label) => /^_?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(label));
}

/** In mail an IPv6 address is marked as one, RFC 5321 §4.1.3; Postfix takes no other (src/global/valid_mailhost_addr.c). */
export function withPrefix(domain: string): string {
  const inside = /^\[(.+)\]$/.exec(domain)?.[1] ?? '';
  return isIPv6(inside) ? `[ipv6:${inside}]` : domain;
}

/** A domain that is an address and no name: there is nothing about it in DNS, no key for its mail either. */
export function isAddressLiteral(domain: string): boolean {
  return domain.startsWith('[');
}

/** Whether clients must accept a certificate that no authority vouches for: `_` names and address literals. */
export function isPrivateDomain(domain: string): boolean {
  return domain.startsWith('_') || isAddressLiteral(domain);
}
