import { DovecotProtocolError } from '../errors.ts';

/** What the `checkpassword` stub of this package asks: one line, every field in hex. */
export type CheckpasswordQuestion =
  | {
      readonly kind: 'login';
      readonly user: string;
      readonly password: Uint8Array;
      readonly service: string;
      readonly remoteAddress: string | undefined;
    }
  | { readonly kind: 'lookup'; readonly user: string };

/** @throws DovecotProtocolError `malformed-command` or `unknown-command`. */
export function parseQuestion(line: string): CheckpasswordQuestion {
  const [command = '', ...fields] = line.split(' ');
  const [user = empty, password = empty, service = empty, address = empty] = fields.map(fromHex);
  switch (command) {
    case 'login':
      return {
        kind: 'login',
        user: user.toString(),
        password: Uint8Array.from(password),
        service: service.toString(),
        remoteAddress: address.length === 0 ? undefined : address.toString(),
      };
    case 'lookup':
      return { kind: 'lookup', user: user.toString() };
    default:
      throw new DovecotProtocolError('unknown-command', 'the checkpassword stub sent a command that does not exist');
  }
}

/** The answer: a word, and `name=hex` for each field. */
export function formatAnswer(
  verdict: 'accepted' | 'refused' | 'found' | 'unknown' | 'failed',
  fields: Readonly<Record<string, string>> = {},
): string {
  const pairs = Object.entries(fields).map(([name, value]) => `${name}=${Buffer.from(value, 'utf8').toString('hex')}`);
  return [verdict, ...pairs].join(' ');
}

const empty = Buffer.alloc(0);

function fromHex(field: string): Buffer {
  if (!/^(?:[0-9a-f]{2})*$/.test(field)) {
    throw new DovecotProtocolError('malformed-command', 'a field from the checkpassword stub is not in hex');
  }
  return Buffer.from(field, 'hex');
}
