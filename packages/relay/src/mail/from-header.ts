/** What the `From:` header fields of a message say of its author. */
export type Author =
  | { readonly kind: 'one'; readonly address: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'ambiguous' };

/** RFC 5322 §2.1.1 allows 998 octets a line; nobody's name and address need more than a few of them. */
const maxFromOctets = 4_000;

/**
 * The author of a message, if exactly one `From:` field names exactly one address. Whatever two mail programs could read
 * differently (comments, groups, routes, several addresses, quoted local parts) is ambiguous.
 *
 * @param values the values of all `From:` fields, folds included.
 * @returns the address in lower case.
 */
export function readAuthor(values: readonly string[]): Author {
  const [value, ...more] = values;
  if (value === undefined) return { kind: 'none' };
  if (more.length > 0 || value.length > maxFromOctets) return { kind: 'ambiguous' };
  const address = onlyAddress(value);
  return address === undefined ? { kind: 'ambiguous' } : { kind: 'one', address: address.toLowerCase() };
}

/** RFC 5322 §3.4 mailbox = name-addr / addr-spec, without comments and obsolete forms. */
function onlyAddress(value: string): string | undefined {
  const unfolded = value.replace(/\r?\n(?=[ \t])/g, '').trim();
  if (/[\0-\x08\x0a-\x1f\x7f]/.test(unfolded)) return undefined;
  const rest = skipDisplayName(unfolded);
  if (rest === undefined) return undefined;
  const spec = rest.startsWith('<') ? (rest.endsWith('>') ? rest.slice(1, -1) : undefined) : rest;
  return spec !== undefined && addrSpec.test(spec) ? spec : undefined;
}

/** RFC 5322 §3.4.1 with a dot-atom local part; RFC 5321 §4.1.3 address literals; RFC 6531 lets both sides be UTF-8. */
const addrSpec =
  /^[\w!#$%&'*+\-/=?^`{|}~.\u0080-\u{10ffff}]{1,64}@(?:[\w\-.\u0080-\u{10ffff}]{1,253}|\[[\w.:]{1,64}\])$/u;

/** What follows the display name (atoms and quoted strings); undefined where the name has characters of another meaning. */
function skipDisplayName(text: string): string | undefined {
  let at = 0;
  let sawName = false;
  while (at < text.length) {
    const char = text[at];
    if (char === '<') return text.slice(at);
    if (char === '"') {
      const end = endOfQuoted(text, at);
      if (end === undefined) return undefined;
      at = end;
      sawName = true;
    } else if (char === '@') {
      return sawName ? undefined : text; // an addr-spec without brackets
    } else if (char !== undefined && '()<>,;:[]\\'.includes(char)) {
      return undefined;
    } else {
      at += 1;
    }
  }
  return undefined;
}

function endOfQuoted(text: string, start: number): number | undefined {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at + 1;
  }
  return undefined;
}
