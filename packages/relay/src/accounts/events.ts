import type { RefusalCode } from './policy.ts';

/** Why a login got no for an answer. */
export type LoginRefusal = RefusalCode | 'wrong-password' | 'blocked';

/** What there is to count and to log. No event holds an address, a password or where somebody came from. */
export type AccountEvent =
  | { readonly kind: 'account.created'; readonly isAutomatic: boolean }
  | { readonly kind: 'login.refused'; readonly code: LoginRefusal }
  /** A password could not be stored in today's form; it holds in the old one, and the next login tries again. */
  | { readonly kind: 'rehash.failed'; readonly cause: unknown }
  /** When somebody was last seen could not be noted; they are logged in all the same. */
  | { readonly kind: 'last-seen.failed'; readonly cause: unknown };

/** Receives every event; must not throw. */
export type AccountListener = (event: AccountEvent) => void;
