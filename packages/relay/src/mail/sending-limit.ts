/** Room for one message, held from the moment its sender was named until its fate is known. Settling twice is harmless. */
export interface Reservation {
  /** The message was accepted: it counts. */
  commit(nowMs: number): void;
  /** The message was refused, aborted or deferred: it does not count. */
  refund(): void;
}

export type Permission =
  | { readonly kind: 'reserved'; readonly reservation: Reservation }
  | { readonly kind: 'exceeded'; readonly waitSeconds: number };

interface Account {
  /** When messages were accepted, oldest first, within the window. */
  accepted: number[];
  reserved: number;
}

const windowMs = 60_000;
/** Accounts that sent nothing lately are forgotten after so many reservations: no timer, and the map stays small. */
const sweepEvery = 1_000;

/** At most so many messages of one account in any 60 seconds: an exact sliding window over accepted messages. */
export class SendingLimit {
  readonly #accounts = new Map<string, Account>();
  readonly #messagesPerMinute: number;
  #reservations = 0;

  constructor(messagesPerMinute: number) {
    this.#messagesPerMinute = messagesPerMinute;
  }

  /** @param nowMs of a clock that never goes back. */
  reserve(account: string, nowMs: number): Permission {
    this.#reservations += 1;
    if (this.#reservations % sweepEvery === 0) this.#sweep(nowMs);
    const state = this.#accounts.get(account) ?? { accepted: [], reserved: 0 };
    forgetOld(state, nowMs);
    if (state.accepted.length + state.reserved >= this.#messagesPerMinute) {
      const oldest = state.accepted[0] ?? nowMs;
      return { kind: 'exceeded', waitSeconds: Math.max(1, Math.ceil((oldest + windowMs - nowMs) / 1000)) };
    }
    state.reserved += 1;
    this.#accounts.set(account, state);
    return { kind: 'reserved', reservation: reservationOf(state) };
  }

  #sweep(nowMs: number): void {
    for (const [account, state] of this.#accounts) {
      forgetOld(state, nowMs);
      if (state.accepted.length === 0 && state.reserved === 0) this.#accounts.delete(account);
    }
  }
}

function forgetOld(state: Account, nowMs: number): void {
  const firstInside = state.accepted.findIndex((at) => at > nowMs - windowMs);
  if (firstInside !== 0) state.accepted = firstInside === -1 ? [] : state.accepted.slice(firstInside);
}

function reservationOf(state: Account): Reservation {
  let open = true;
  const settle = (): boolean => {
    const wasOpen = open;
    if (open) state.reserved -= 1;
    open = false;
    return wasOpen;
  };
  return {
    commit(nowMs) {
      if (settle()) state.accepted.push(nowMs);
    },
    refund() {
      settle();
    },
  };
}
