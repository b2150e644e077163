import { DovecotProtocolError } from '../errors.ts';
import { joinFields, splitFields } from '../tab-fields.ts';

/** The version of the protocol that we speak; minor versions only ever added things that may be ignored. */
export const protocolVersion = { major: 1, minor: 2 } as const;

/** What a login process of Dovecot, or Postfix, says. Source: dovecot doc/auth-protocol.txt, "Client <-> Server". */
export type ClientMessage =
  | { readonly kind: 'version'; readonly major: number }
  | { readonly kind: 'pid'; readonly pid: number }
  | {
      readonly kind: 'begin';
      readonly id: number;
      readonly mechanism: string;
      readonly service: string;
      readonly remoteAddress: string | undefined;
      /** Whether a mail process will claim this login; Postfix only wants to know whether it is right. */
      readonly isClaimed: boolean;
      readonly response: string | undefined;
    }
  | { readonly kind: 'continue'; readonly id: number; readonly response: string }
  | { readonly kind: 'cancel'; readonly id: number };

/** @throws DovecotProtocolError `unknown-command` or `malformed-command`. */
export function parseClientMessage(line: string): ClientMessage {
  const [command = '', ...fields] = splitFields(line);
  switch (command) {
    case 'VERSION':
      return { kind: 'version', major: parseNumber(fields[0]) };
    case 'CPID':
      return { kind: 'pid', pid: parseNumber(fields[0]) };
    case 'AUTH':
      return parseBegin(fields);
    case 'CONT':
      return { kind: 'continue', id: parseNumber(fields[0]), response: fields[1] ?? '' };
    case 'CANCEL':
      return { kind: 'cancel', id: parseNumber(fields[0]) };
    default:
      throw new DovecotProtocolError('unknown-command', 'an auth client sent a command that does not exist');
  }
}

function parseBegin(fields: readonly string[]): ClientMessage {
  const [id, mechanism, ...parameters] = fields;
  if (mechanism === undefined) throw new DovecotProtocolError('malformed-command', 'AUTH names no mechanism');
  // "resp= must be the last parameter. Everything after it is ignored": nothing in it can pose as a parameter.
  const last = parameters.findIndex((parameter) => parameter.startsWith('resp='));
  const response = last === -1 ? undefined : parameters[last]?.slice('resp='.length);
  const named = last === -1 ? parameters : parameters.slice(0, last);
  return {
    kind: 'begin',
    id: parseNumber(id),
    mechanism: mechanism.toUpperCase(),
    // Dovecot 2.4 calls it protocol=, 2.3 and Postfix service=.
    service: valueOf(named, 'protocol') ?? valueOf(named, 'service') ?? '',
    remoteAddress: valueOf(named, 'rip'),
    isClaimed: !named.includes('nologin'),
    response,
  };
}

/** The value of the first `name=value` among the parameters. */
export function valueOf(parameters: readonly string[], name: string): string | undefined {
  return parameters.find((parameter) => parameter.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** A 32-bit number in decimal. @throws DovecotProtocolError `malformed-command`. */
export function parseNumber(field: string | undefined): number {
  if (field === undefined || !/^\d{1,10}$/.test(field) || Number(field) > 0xffff_ffff) {
    throw new DovecotProtocolError('malformed-command', 'a field that must be a 32-bit number is not one');
  }
  return Number(field);
}

/** Why a login did not succeed, in the words of the wire. */
export type FailureCode = 'temp_fail' | 'user_disabled' | 'invalid_base64' | 'auth_mech_invalid';

export const clientLines = {
  version: (): string => joinFields(['VERSION', String(protocolVersion.major), String(protocolVersion.minor)]),

  /** The rest of the handshake. COOKIE is what a mail process must know to claim a login of this connection. */
  handshake: (facts: {
    mechanisms: readonly string[];
    serverPid: number;
    connection: number;
    cookie: string;
  }): string[] => [
    ...facts.mechanisms.map((mechanism) => joinFields(['MECH', mechanism, 'plaintext'])),
    joinFields(['SPID', String(facts.serverPid)]),
    joinFields(['CUID', String(facts.connection)]),
    joinFields(['COOKIE', facts.cookie]),
    'DONE',
  ],

  challenge: (id: number, data: string): string =>
    joinFields(['CONT', String(id), Buffer.from(data, 'latin1').toString('base64')]),

  accepted: (id: number, user: string): string => joinFields(['OK', String(id), `user=${user}`]),

  /**
   * `code=` is what Dovecot reads since 2.3; the bare `temp` is what older clients and Postfix know.
   * dovecot src/login-common/client-common-auth.c client_auth_fail_code_lookup().
   */
  failed: (id: number, facts: { user?: string | undefined; code?: FailureCode; reason?: string }): string =>
    joinFields([
      'FAIL',
      String(id),
      ...(facts.user === undefined ? [] : [`user=${facts.user}`]),
      ...(facts.code === undefined ? [] : [`code=${facts.code}`]),
      ...(facts.code === 'temp_fail' ? ['temp'] : []),
      ...(facts.reason === undefined ? [] : [`reason=${facts.reason}`]),
    ]),
} as const;
