import { isIPv6 } from 'node:net';

/** The address in `[192.0.2.1]` or `[IPv6:2001:db8::1]` (RFC 5321 §4.1.3); undefined for a name. */
export function literalAddress(domain: string): string | undefined {
  const inside = /^\[(?:ipv6:)?(.+)\]$/i.exec(domain)?.[1];
  return inside === undefined ? undefined : canonicalAddress(inside);
}

/** One spelling for each address: IPv6 has many. */
export function canonicalAddress(address: string): string {
  return isIPv6(address) ? new URL(`http://[${address}]`).hostname : address;
}
