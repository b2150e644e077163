import { InviteError } from './errors.ts';
import { addressLiteral, domainName, quoted, serverHost } from './hosts.ts';

export type Security = 'ssl' | 'starttls' | 'plain' | 'default';
export type CertificateChecks = 'automatic' | 'strict' | 'accept-invalid';

/** How a client reaches one of the two servers; what is left out it finds out by itself. */
export interface ServerAccess {
  readonly host?: string;
  readonly port?: number;
  readonly security?: Security;
  /** The address, if left out. */
  readonly user?: string;
  /** The invite's password, if left out. */
  readonly password?: string;
}

/** An invite to one account: whoever scans it logs in as that address. */
export interface LoginInvite {
  readonly kind: 'login';
  readonly address: string;
  readonly password: string;
  readonly imap?: ServerAccess;
  readonly smtp?: ServerAccess;
  readonly certificateChecks?: CertificateChecks;
}

const securities: ReadonlySet<string> = new Set<Security>(['ssl', 'starttls', 'plain', 'default']);
const checksOnTheWire = { automatic: '0', strict: '1', 'accept-invalid': '3' } as const;
// 2 is an older name of the same (core EnteredCertificateChecks::AcceptInvalidCertificates2).
const checksByNumber: Readonly<Record<string, CertificateChecks>> = {
  '0': 'automatic',
  '1': 'strict',
  '2': 'accept-invalid',
  '3': 'accept-invalid',
};
/** Parameter names of the two servers: `ih` is the IMAP host. Source: chatmail/core `src/qr/dclogin_scheme.rs`. */
const serverKeys = {
  imap: { host: 'ih', port: 'ip', user: 'iu', password: 'ipw', security: 'is' },
  smtp: { host: 'sh', port: 'sp', user: 'su', password: 'spw', security: 'ss' },
} as const;

/**
 * `dclogin:address?p=PASSWORD&v=1&…`. An address at an address literal names its servers even where none are given,
 * because clients would look for `imap.[192.0.2.1]`.
 *
 * @throws InviteError `address`, `password`, `host`, `port` or `security`.
 */
export function loginLink(login: Omit<LoginInvite, 'kind'>): string {
  const { domain } = splitAddress(login.address);
  if (login.password === '') throw new InviteError('password', 'A login invite needs a password.');
  const literal = addressLiteral(domain);
  const query = new URLSearchParams({ p: login.password, v: '1' });
  for (const protocol of ['imap', 'smtp'] as const) {
    const server = { ...(literal !== undefined && { host: literal }), ...login[protocol] };
    addServer(query, serverKeys[protocol], server);
  }
  if (login.certificateChecks !== undefined) query.set('ic', checksOnTheWire[login.certificateChecks]);
  return `dclogin:${encodeAddress(login.address)}?${query.toString()}`;
}

/** Reads what follows `dclogin:`. @throws InviteError */
export function parseLoginLink(payload: string): LoginInvite {
  const bare = payload.startsWith('//') ? payload.slice(2) : payload;
  const [path = '', ...rest] = bare.split('?');
  const query = new URLSearchParams(rest.join('?').split('#')[0]);
  const address = decodeAddress(path.split('/')[0] ?? '');
  splitAddress(address);
  const version = query.get('v');
  if (version !== '1') {
    throw new InviteError('version', `The invite is of version ${quoted(version ?? 'none')}; only 1 exists.`);
  }
  const password = query.get('p');
  if (password === null || password === '') throw new InviteError('password', 'The invite has no password ("p=").');
  const imap = readServer(query, serverKeys.imap);
  const smtp = readServer(query, serverKeys.smtp);
  const certificateChecks = readChecks(query.get('ic'));
  return {
    kind: 'login',
    address,
    password,
    ...(imap !== undefined && { imap }),
    ...(smtp !== undefined && { smtp }),
    ...(certificateChecks !== undefined && { certificateChecks }),
  };
}

type ServerKeys = (typeof serverKeys)[keyof typeof serverKeys];

function addServer(query: URLSearchParams, keys: ServerKeys, server: ServerAccess): void {
  if (server.host !== undefined) query.set(keys.host, serverHost(server.host));
  if (server.port !== undefined) query.set(keys.port, String(checkedPort(server.port, String(server.port))));
  if (server.security !== undefined) query.set(keys.security, checkedSecurity(server.security));
  if (server.user !== undefined) query.set(keys.user, server.user);
  if (server.password !== undefined) query.set(keys.password, server.password);
}

function readServer(query: URLSearchParams, keys: ServerKeys): ServerAccess | undefined {
  const host = query.get(keys.host);
  const port = query.get(keys.port);
  const security = query.get(keys.security);
  const user = query.get(keys.user);
  const password = query.get(keys.password);
  const server: ServerAccess = {
    ...(host !== null && { host: serverHost(host) }),
    ...(port !== null && { port: checkedPort(/^\d{1,5}$/.test(port) ? Number(port) : Number.NaN, port) }),
    ...(security !== null && { security: checkedSecurity(security) }),
    ...(user !== null && { user }),
    ...(password !== null && { password }),
  };
  return Object.keys(server).length > 0 ? server : undefined;
}

function checkedPort(port: number, asWritten: string): number {
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new InviteError('port', `${quoted(asWritten)} is not a port between 1 and 65535.`);
}

function checkedSecurity(text: string): Security {
  if (isSecurity(text)) return text;
  throw new InviteError('security', `${quoted(text)} is not one of ssl, starttls, plain, default.`);
}

function isSecurity(text: string): text is Security {
  return securities.has(text);
}

function readChecks(value: string | null): CertificateChecks | undefined {
  if (value === null) return undefined;
  const checks = Object.hasOwn(checksByNumber, value) ? checksByNumber[value] : undefined;
  if (checks !== undefined) return checks;
  throw new InviteError('certificate-checks', `"ic=" is ${quoted(value)}; it can be 0, 1, 2 or 3.`);
}

function splitAddress(address: string): { readonly local: string; readonly domain: string } {
  const at = address.lastIndexOf('@');
  const local = address.slice(0, at);
  const domain = address.slice(at + 1);
  if (at < 1 || /[\s<>"@\p{Cc}]/u.test(local)) {
    throw new InviteError('address', `${quoted(address)} is not an address like name@chat.example.org.`);
  }
  if (addressLiteral(domain) === undefined) domainName(domain);
  return { local, domain };
}

/** Everything but what the client takes as it stands: brackets of an address literal, `+`, `@`. */
function encodeAddress(address: string): string {
  return encodeURIComponent(address).replace(/%(40|5B|5D|3A|2B|24)/g, (escape) => decodeURIComponent(escape));
}

function decodeAddress(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new InviteError('address', `${quoted(text)} is not percent-encoded UTF-8.`);
  }
}
