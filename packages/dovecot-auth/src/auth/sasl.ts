/** What a client has typed, once a SASL exchange is complete. */
export interface Credentials {
  readonly user: string;
  readonly password: Uint8Array;
}

/** Where a SASL exchange stands after a step: more is wanted, it is complete, or it cannot succeed any more. */
export type SaslStep =
  | { readonly kind: 'challenge'; readonly data: string; readonly next: SaslExchange }
  | { readonly kind: 'credentials'; readonly credentials: Credentials }
  | { readonly kind: 'malformed' };

/** What has been said in an exchange so far. PLAIN needs no memory; LOGIN remembers the name. */
export type SaslExchange = { readonly mechanism: 'PLAIN' } | { readonly mechanism: 'LOGIN'; readonly user?: Buffer };

/** The mechanisms that we offer: both show us the password, which hashes that are worth storing require. */
export const mechanisms = ['PLAIN', 'LOGIN'] as const;

/** Begins an exchange; `initialResponse` is the client's first answer where it came along with the request. */
export function beginExchange(mechanism: 'PLAIN' | 'LOGIN', initialResponse: Buffer | undefined): SaslStep {
  const exchange: SaslExchange = { mechanism };
  if (initialResponse !== undefined) return continueExchange(exchange, initialResponse);
  // draft-murchison-sasl-login §2.1: the prompts that every client knows.
  return { kind: 'challenge', data: mechanism === 'PLAIN' ? '' : 'Username:', next: exchange };
}

/** Takes the client's next answer. */
export function continueExchange(exchange: SaslExchange, response: Buffer): SaslStep {
  if (exchange.mechanism === 'PLAIN') return plain(response);
  if (exchange.user === undefined) {
    return { kind: 'challenge', data: 'Password:', next: { mechanism: 'LOGIN', user: response } };
  }
  return credentials(exchange.user, response);
}

/** RFC 4616 §2: `[authzid] NUL authcid NUL passwd`, and no other NUL. */
function plain(message: Buffer): SaslStep {
  const first = message.indexOf(0);
  const second = message.indexOf(0, first + 1);
  if (first === -1 || second === -1) return { kind: 'malformed' };
  const authorize = message.subarray(0, first);
  const user = message.subarray(first + 1, second);
  // To act as somebody else is Dovecot's master-user feature; we have no master users.
  if (authorize.length > 0 && !authorize.equals(user)) return { kind: 'malformed' };
  return credentials(user, message.subarray(second + 1));
}

function credentials(user: Buffer, password: Buffer): SaslStep {
  if (user.length === 0 || user.includes(0) || password.includes(0)) return { kind: 'malformed' };
  // A copy: the password must not be a view into a pooled buffer that other lines share.
  return { kind: 'credentials', credentials: { user: user.toString('utf8'), password: Uint8Array.from(password) } };
}
