import { DovecotProtocolError } from '../errors.ts';
import { joinFields, splitFields } from '../tab-fields.ts';
import { parseNumber, valueOf } from './client-messages.ts';
import type { LoginKey } from './logins.ts';

/** What a mail process, LMTP or doveadm says. Source: dovecot doc/auth-protocol.txt, "Server <-> Master". */
export type MasterMessage =
  | { readonly kind: 'version'; readonly major: number }
  /** Whose login was this? Asked once by the mail process that takes it over. */
  | { readonly kind: 'claim'; readonly id: number; readonly key: LoginKey }
  /** What does Dovecot need to know of this user? (USER: LMTP, doveadm; PASS: `doveadm auth lookup`, LMTP proxying.) */
  | { readonly kind: 'lookup'; readonly id: number; readonly command: 'USER' | 'PASS'; readonly user: string }
  | { readonly kind: 'list'; readonly id: number; readonly mask: string }
  | { readonly kind: 'flush-cache'; readonly id: number };

/** @throws DovecotProtocolError `unknown-command` or `malformed-command`. */
export function parseMasterMessage(line: string): MasterMessage {
  const [command = '', ...fields] = splitFields(line);
  switch (command) {
    case 'VERSION':
      return { kind: 'version', major: parseNumber(fields[0]) };
    case 'REQUEST':
      return parseClaim(fields);
    case 'USER':
    case 'PASS': {
      const [id, user] = fields;
      if (user === undefined) throw new DovecotProtocolError('malformed-command', `${command} names no user`);
      return { kind: 'lookup', id: parseNumber(id), command, user };
    }
    case 'LIST':
      return { kind: 'list', id: parseNumber(fields[0]), mask: valueOf(fields.slice(1), 'user') ?? '' };
    case 'CACHE-FLUSH':
      return { kind: 'flush-cache', id: parseNumber(fields[0]) };
    default:
      throw new DovecotProtocolError('unknown-command', 'an auth master sent a command that does not exist');
  }
}

function parseClaim(fields: readonly string[]): MasterMessage {
  const [id, clientPid, loginId, cookie] = fields;
  if (cookie === undefined || !/^[0-9a-f]{32}$/i.test(cookie)) {
    throw new DovecotProtocolError('malformed-command', 'REQUEST carries no cookie of 128 bits');
  }
  return {
    kind: 'claim',
    id: parseNumber(id),
    key: { clientPid: parseNumber(clientPid), id: parseNumber(loginId), cookie: cookie.toLowerCase() },
  };
}

export const masterLines = {
  handshake: (serverPid: number): string[] => ['VERSION\t1\t2', joinFields(['SPID', String(serverPid)])],

  user: (id: number, user: string, fields: Readonly<Record<string, string>>): string =>
    joinFields(['USER', String(id), user, ...Object.entries(fields).map(([name, value]) => `${name}=${value}`)]),

  /** Never with a password or `nopassword`: this lookup came without one, so nothing has been proven. */
  pass: (id: number, user: string): string => joinFields(['PASS', String(id), `user=${user}`]),

  notFound: (id: number): string => joinFields(['NOTFOUND', String(id)]),
  failed: (id: number): string => joinFields(['FAIL', String(id)]),
  listed: (id: number, user: string): string => joinFields(['LIST', String(id), user]),
  listDone: (id: number, outcome: 'complete' | 'failed'): string =>
    joinFields(['DONE', String(id), outcome === 'complete' ? '' : 'fail']),
  cacheFlushed: (id: number): string => joinFields(['OK', String(id), '0']),
} as const;
