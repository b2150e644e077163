import type { DovecotProtocolError } from './errors.ts';

/** What a server can tell an operator. No event holds a user name, an address, an IP or a password. */
export type DoorEvent =
  /** A login was answered. `failed` is our own failure: the client was told to come back later. */
  | {
      readonly kind: 'login.answered';
      readonly connection: number;
      readonly service: string;
      readonly outcome: 'accepted' | 'refused' | 'disabled' | 'failed';
      readonly durationMs: number;
    }
  /** The backend threw, or missed its deadline; the peer was told of a temporary failure. */
  | {
      readonly kind: 'backend.failed';
      readonly connection: number;
      readonly operation: string;
      readonly cause: unknown;
    }
  /** A peer broke the protocol or a limit; its connection was closed. One event per connection. */
  | { readonly kind: 'peer.rejected'; readonly connection: number; readonly error: DovecotProtocolError }
  /** A listening socket or a connection failed underneath us (`EPIPE`, `EMFILE`, …). */
  | { readonly kind: 'socket.failed'; readonly connection?: number; readonly cause: unknown };

/** Receives every event. It must not throw: it runs inside the server. */
export type EventListener = (event: DoorEvent) => void;
