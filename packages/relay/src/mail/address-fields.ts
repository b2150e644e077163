/** Header fields that hold addresses, and with them the names of people (RFC 5322 §3.6.2, §3.6.3). */
export const addressFields: ReadonlySet<string> = new Set(['from', 'sender', 'reply-to', 'to', 'cc', 'bcc']);

/** What stands where nobody is named; RFC 5322 §3.4 needs something there. */
const nobody = 'hidden-recipients: ;';

/**
 * The addresses of a field, and nothing else: without names, comments and groups. What is not a plain address is left
 * out, since whatever one could write there, a quoted local part for example, can be read. Delivery goes by the envelope.
 */
export function withoutNames(value: string): string {
  const addresses = splitAtCommas(value.replace(/\r?\n(?=[ \t])/g, ''))
    .map(onlyAddress)
    .filter((address) => address !== undefined);
  return addresses.length === 0 ? nobody : addresses.map((address) => `<${address}>`).join(',\n ');
}

/**
 * The author of mail from other servers: the one address in the one `From:` field, names and comments aside. Whatever two
 * programs could read differently has none.
 *
 * @param values the values of all `From:` fields.
 * @returns the address in lower case.
 */
export function incomingAuthor(values: readonly string[]): string | undefined {
  const [value, ...more] = values;
  if (value === undefined || more.length > 0) return undefined;
  const mailboxes = splitAtCommas(value.replace(/\r?\n(?=[ \t])/g, '')).filter((mailbox) => mailbox.trim() !== '');
  const [mailbox, ...others] = mailboxes;
  return mailbox === undefined || others.length > 0 ? undefined : onlyAddress(mailbox)?.toLowerCase();
}

/** What clients write there themselves: groups with a name that everybody uses. */
const emptyGroup = /^"?(?:hidden|undisclosed)-recipients"?\s*:\s*;$/;

/** Whether a field says more than `withoutNames` would leave. */
export function hasNames(value: string): boolean {
  if (emptyGroup.test(value)) return false;
  const bare = (text: string): string => text.replace(/[<>\s]/g, '');
  return bare(value) !== bare(withoutNames(value));
}

const addrSpec =
  /^[\w!#$%&'*+\-/=?^`{|}~.\u0080-\u{10ffff}]{1,64}@(?:[\w\-.\u0080-\u{10ffff}]{1,253}|\[[\w.:]{1,64}\])$/u;

function onlyAddress(mailbox: string): string | undefined {
  const text = mailbox.trim();
  const inBrackets = /<([^<>]*)>$/.exec(text)?.[1];
  const address = (inBrackets ?? text).trim();
  return addrSpec.test(address) ? address : undefined;
}

/** RFC 5322 §3.4: also a group's colon and semicolon end an address, quoted strings and comments do not. */
function splitAtCommas(text: string): string[] {
  const items: string[] = [];
  let item = '';
  let depth = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === '\\') {
      at += 1; // a quoted pair: only inside of what is dropped
    } else if (isQuoted) {
      if (char === '"') isQuoted = false;
    } else if (char === '"') {
      isQuoted = true;
      item += ' " '; // whatever has a quoted string outside of its name is no plain address
    } else if (char === '(') {
      depth += 1;
    } else if (char === ')') {
      depth = Math.max(0, depth - 1);
    } else if (
      depth === 0 &&
      (char === ',' || char === ';' || (char === ':' && !item.includes('<') && !item.includes('[')))
    ) {
      if (char !== ':') items.push(item);
      item = '';
    } else if (depth === 0) {
      item += char;
    }
  }
  return [...items, item];
}
