import { joinHexFields, splitHexFields } from './hex-fields.ts';

/** What `auth.lua` asks, one POST each. */
export type HttpQuestion =
  | {
      readonly kind: 'login';
      readonly user: string;
      readonly password: Uint8Array;
      readonly service: string;
      readonly remoteAddress: string | undefined;
    }
  | { readonly kind: 'lookup'; readonly user: string }
  | { readonly kind: 'users' };

/** The question in a request, or nothing if there is none that we know. */
export function parseQuestion(path: string, body: string): HttpQuestion | undefined {
  const fields = splitHexFields(body);
  const text = (name: string): string | undefined => fields?.get(name)?.toString('utf8');
  const user = text('user');
  switch (path) {
    case '/login': {
      const password = fields?.get('password');
      if (user === undefined || password === undefined) return undefined;
      const address = text('address');
      return {
        kind: 'login',
        user,
        password: Uint8Array.from(password),
        service: text('service') ?? '',
        remoteAddress: address === '' ? undefined : address,
      };
    }
    case '/lookup':
      return user === undefined ? undefined : { kind: 'lookup', user };
    case '/users':
      return { kind: 'users' };
    default:
      return undefined;
  }
}

/** The answer's first word, and its fields below it. */
export function formatAnswer(
  verdict: 'accepted' | 'refused' | 'disabled' | 'found' | 'unknown',
  fields: Readonly<Record<string, string>> = {},
): string {
  return `${verdict}\n${joinHexFields(fields)}`;
}
