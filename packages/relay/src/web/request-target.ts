export interface RequestTarget {
  readonly path: string;
  readonly query: URLSearchParams;
}

/**
 * Reads the second word of a request line, in origin form (`/new?token=…`) or in absolute form, which servers must
 * accept (RFC 9112 §3.2.2) and Delta Chat up to 2.58 sends.
 */
export function parseRequestTarget(target: string): RequestTarget | undefined {
  const url = target.startsWith('/')
    ? URL.parse(`https://relay.invalid${target}`)
    : /^https?:\/\//i.test(target)
      ? URL.parse(target)
      : null;
  return url === null ? undefined : { path: url.pathname, query: url.searchParams };
}
