/** What the web server tells its owner. No event holds an address, a token or a password. */
export type WebEvent =
  | {
      readonly kind: 'request.answered';
      readonly route: string;
      readonly status: number;
      readonly milliseconds: number;
    }
  | { readonly kind: 'request.failed'; readonly route: string; readonly error: unknown }
  | { readonly kind: 'account.offered' }
  | { readonly kind: 'account.refused'; readonly code: string }
  | { readonly kind: 'connection.refused'; readonly reason: 'too-many' | 'too-many-from-one-source' | 'gone' }
  | {
      readonly kind: 'connection.failed';
      readonly stage: 'client-hello' | 'handshake' | 'upstream';
      readonly code: string;
    }
  | { readonly kind: 'connection.handed-over'; readonly protocol: 'imap' | 'smtp' }
  | { readonly kind: 'certificate.loaded'; readonly validUntil: string }
  | { readonly kind: 'certificate.unusable'; readonly error: unknown }
  | { readonly kind: 'customisation.unusable'; readonly file: string; readonly reason: string };
