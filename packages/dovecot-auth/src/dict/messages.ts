import { DovecotProtocolError } from '../errors.ts';
import { escapeField, splitFields } from '../tab-fields.ts';

/** The major versions that are served: Dovecot 2.3 says 3, Dovecot 2.4 says 4; what they send differs in details only. */
const MAJOR_VERSIONS = [3, 4];

/** A change that a transaction makes. */
export type DictChange =
  | { readonly kind: 'set'; readonly key: string; readonly value: string }
  | { readonly kind: 'unset'; readonly key: string }
  | { readonly kind: 'increment'; readonly key: string; readonly by: bigint };

/** What a dict client says. Source: dovecot src/lib-dict/dict-client.h, enum dict_protocol_cmd. */
export type DictMessage =
  | { readonly kind: 'hello'; readonly dict: string }
  | { readonly kind: 'lookup'; readonly key: string; readonly user: string }
  | { readonly kind: 'iterate'; readonly query: DictQuery; readonly user: string }
  | { readonly kind: 'begin'; readonly id: number; readonly user: string; readonly expireSeconds: number }
  | { readonly kind: 'change'; readonly id: number; readonly change: DictChange }
  | { readonly kind: 'timestamp'; readonly id: number; readonly seconds: number }
  | { readonly kind: 'commit'; readonly id: number; readonly isAsync: boolean }
  | { readonly kind: 'rollback'; readonly id: number }
  /** V (2.4): how much Dovecot may log. We log no values at all. */
  | { readonly kind: 'ignored' };

/** Which part of a dict is asked for. */
export interface DictQuery {
  /** The path below which to look; it ends in `/` unless `isExactKey`. */
  readonly path: string;
  /** 0 means every row. */
  readonly maxRows: number;
  readonly isRecursive: boolean;
  readonly wantsValues: boolean;
  readonly isExactKey: boolean;
  readonly order: 'any' | 'by key' | 'by value';
}

/** dovecot src/lib-dict/dict.h, enum dict_iterate_flags. */
const FLAG_RECURSE = 0x01;
const FLAG_SORT_BY_KEY = 0x02;
const FLAG_SORT_BY_VALUE = 0x04;
const FLAG_NO_VALUE = 0x08;
const FLAG_EXACT_KEY = 0x10;

/** @throws DovecotProtocolError `unknown-command`, `malformed-command` or `unsupported-version`. */
export function parseDictMessage(line: string): DictMessage {
  const [first = '', ...rest] = splitFields(line.slice(1));
  switch (line.charAt(0)) {
    case 'H':
      return parseHello(first, rest);
    case 'L':
      return { kind: 'lookup', key: first, user: rest[0] ?? '' };
    case 'I':
      return { kind: 'iterate', query: parseQuery(first, rest), user: rest[2] ?? '' };
    case 'B':
      return { kind: 'begin', id: number(first), user: rest[0] ?? '', expireSeconds: number(rest[1] ?? '0') };
    case 'S':
      return { kind: 'change', id: number(first), change: { kind: 'set', key: text(rest[0]), value: text(rest[1]) } };
    case 'U':
      return { kind: 'change', id: number(first), change: { kind: 'unset', key: text(rest[0]) } };
    case 'A':
      return { kind: 'change', id: number(first), change: { kind: 'increment', key: text(rest[0]), by: big(rest[1]) } };
    case 'T':
      return { kind: 'timestamp', id: number(first), seconds: Number(big(rest[0])) };
    case 'C':
    case 'D':
      return { kind: 'commit', id: number(first), isAsync: line[0] === 'D' };
    case 'R':
      return { kind: 'rollback', id: number(first) };
    case 'V':
      return { kind: 'ignored' };
    default:
      throw new DovecotProtocolError('unknown-command', 'a dict client sent a command that does not exist');
  }
}

/** `H major TAB minor TAB value type TAB user TAB dict name`. */
function parseHello(major: string, rest: readonly string[]): DictMessage {
  if (!MAJOR_VERSIONS.includes(number(major))) {
    throw new DovecotProtocolError('unsupported-version', `a dict client speaks version ${number(major)}, not 3 or 4`);
  }
  return { kind: 'hello', dict: text(rest[3]) };
}

/** `I flags TAB max rows TAB path TAB user`. */
function parseQuery(flags: string, rest: readonly string[]): DictQuery {
  const bits = number(flags);
  const has = (flag: number): boolean => (bits & flag) !== 0;
  return {
    path: text(rest[1]),
    maxRows: number(rest[0]),
    isRecursive: has(FLAG_RECURSE),
    wantsValues: !has(FLAG_NO_VALUE),
    isExactKey: has(FLAG_EXACT_KEY),
    order: has(FLAG_SORT_BY_KEY) ? 'by key' : has(FLAG_SORT_BY_VALUE) ? 'by value' : 'any',
  };
}

function text(field: string | undefined): string {
  if (field === undefined) throw new DovecotProtocolError('malformed-command', 'a dict command lacks a field');
  return field;
}

/** Up to fifteen digits: exact as a JavaScript number. */
function number(field: string | undefined): number {
  if (!/^\d{1,15}$/.test(text(field))) {
    throw new DovecotProtocolError('malformed-command', 'a field of a dict command that must be a number is not one');
  }
  return Number(field);
}

/** A signed 64-bit number. */
function big(field: string | undefined): bigint {
  if (!/^-?\d{1,19}$/.test(text(field))) {
    throw new DovecotProtocolError('malformed-command', 'a field of a dict command that must be a number is not one');
  }
  return BigInt(text(field));
}

/** What a dict server says. Source: dovecot src/lib-dict/dict-client.h, enum dict_protocol_reply. */
export const dictLines = {
  /** Several values are escaped twice, so that they travel as one field (M, since protocol 2.2). */
  found: (values: readonly string[]): string =>
    values.length === 1
      ? `O${escapeField(values[0] ?? '')}`
      : `M${escapeField(values.map((value) => escapeField(value)).join('\t'))}`,
  notFound: 'N',
  failed: (message: string): string => `F${escapeField(message)}`,
  row: (key: string, value: string): string => `O${escapeField(key)}\t${escapeField(value)}`,
  /** The empty line that ends an iteration; without it Dovecot waits until its own timeout. */
  rowsDone: '',
  committed: (id: number, isAsync: boolean): string => `${isAsync ? 'A' : ''}O${id}`,
  nothingToCommit: (id: number, isAsync: boolean): string => `${isAsync ? 'A' : ''}N${id}`,
  commitFailed: (id: number, isAsync: boolean, message: string): string =>
    `${isAsync ? 'A' : ''}F${id}\t${escapeField(message)}`,
} as const;
