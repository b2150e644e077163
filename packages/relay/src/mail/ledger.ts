import type { Answer, Budget, Demand } from './budget.ts';

/** Whose budget: what an account sends, or what it gets from other servers. */
export type LedgerKey = `from ${string}` | `to ${string}`;

export interface LedgerRequest {
  /** The reservation; unique to one message and one key. */
  readonly id: string;
  readonly key: LedgerKey;
  readonly demand: Demand;
  readonly budget: Budget;
  readonly pace: boolean;
}

export type LedgerAnswer =
  | Exclude<Answer, { readonly kind: 'reserved' }>
  | { readonly kind: 'reserved' }
  /** The store does not answer, so nobody knows: the mail has to come again. */
  | { readonly kind: 'unavailable' };

/** Who has used how much. */
export interface Ledger {
  reserve(request: LedgerRequest): Promise<LedgerAnswer>;
  /** Ends a reservation with what was spent; nothing is spent by a message that was not accepted. Never throws. */
  settle(key: LedgerKey, id: string, spent: Demand): void;
  /** Writes what has not been written yet, as far as possible, then ends. */
  close(): Promise<void>;
}

/** Told when the store cannot be reached, and when it can again: once, not per message. */
export type LedgerEvent =
  | { readonly kind: 'limits.unavailable'; readonly cause: unknown }
  | { readonly kind: 'limits.available'; readonly failures: number };

/** Turns many failures into one event, and counts them. */
export class Availability {
  readonly #onEvent: (event: LedgerEvent) => void;
  #failures = 0;

  constructor(onEvent: (event: LedgerEvent) => void) {
    this.#onEvent = onEvent;
  }

  failed(cause: unknown): void {
    this.#failures += 1;
    if (this.#failures === 1) this.#onEvent({ kind: 'limits.unavailable', cause });
  }

  succeeded(): void {
    if (this.#failures === 0) return;
    this.#onEvent({ kind: 'limits.available', failures: this.#failures });
    this.#failures = 0;
  }
}
