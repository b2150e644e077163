/**
 * Lines of `name=value` with the value in hex: Dovecot's Lua has no JSON, and no byte that a user can type has a
 * meaning in hex.
 */
export function joinHexFields(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${Buffer.from(value, 'utf8').toString('hex')}\n`)
    .join('');
}

/** The values by name, as bytes; nothing when a line has another form or a name comes twice. */
export function splitHexFields(text: string): Map<string, Buffer> | undefined {
  const fields = new Map<string, Buffer>();
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const match = /^(?<name>[a-z]{1,32})=(?<hex>(?:[0-9a-f]{2})*)$/.exec(line);
    const name = match?.groups?.['name'];
    if (name === undefined || fields.has(name)) return undefined;
    fields.set(name, Buffer.from(match?.groups?.['hex'] ?? '', 'hex'));
  }
  return fields;
}
