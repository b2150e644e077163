import { type Budget, type BudgetPart, type Demand, nothing } from './budget.ts';
import type { Ledger, LedgerAnswer, LedgerKey } from './ledger.ts';

export type Permission =
  | { readonly kind: 'granted'; readonly heldMs: number }
  | { readonly kind: 'exceeded'; readonly part: BudgetPart; readonly waitSeconds: number }
  | { readonly kind: 'unavailable' };

/** What one message takes out of one budget, from the first question until its fate is known. */
export interface Allowance {
  /** Reserves (more); may hold the caller for a while, so that a burst arrives late instead of failing. */
  ask(demand: Demand): Promise<Permission>;
  /** The message was accepted, and this is what it used. */
  commit(spent: Demand): void;
  /** The message was refused, deferred or given up: it used nothing. Harmless after `commit`, and twice. */
  refund(): void;
}

export interface Limiter {
  open(key: LedgerKey): Allowance;
}

export interface Pacing {
  /** How long one message may be held; 0 turns pacing off. */
  readonly maxHoldMs: number;
  /** How many may be held at once: each occupies one of Postfix's processes. */
  readonly maxHeld: number;
}

export interface LimiterOptions {
  readonly ledger: Ledger;
  readonly budgets: Readonly<Record<'from' | 'to', Budget>>;
  readonly pacing: Pacing;
  /** Resolves after a time, or at once when aborted. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Milliseconds that never go back. */
  readonly now: () => number;
  /** Starts the reservations' names: different in every process that shares a ledger. */
  readonly prefix: string;
}

/** One question: what is wanted, whether it still is, and how long it was held. */
interface Wish {
  readonly demand: Demand;
  readonly fate: Fate;
  heldMs: number;
}

/** Whether a message's fate is known. Few wait for that, so the signal is made when it is first asked for. */
class Fate {
  #isKnown = false;
  #controller: AbortController | undefined;

  get isKnown(): boolean {
    return this.#isKnown;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#isKnown) this.#controller.abort();
    return this.#controller.signal;
  }

  settle(): void {
    this.#isKnown = true;
    this.#controller?.abort();
  }
}

/** One account may not take all the places of those who are held. */
const maxHeldOfOne = 4;

/** Asks the ledger for messages under way, and spaces out a sender who is close to a limit. */
export class PacingLimiter implements Limiter {
  readonly #options: LimiterOptions;
  /** The last of those who are held, for each account that has any: the next one stands behind it. */
  readonly #queues = new Map<LedgerKey, { last: Promise<void>; length: number }>();
  #held = 0;
  #opened = 0;

  constructor(options: LimiterOptions) {
    this.#options = options;
  }

  /** How many messages are held right now. */
  get held(): number {
    return this.#held;
  }

  open(key: LedgerKey): Allowance {
    const { ledger, prefix } = this.#options;
    this.#opened += 1;
    const id = `${prefix}-${this.#opened}`;
    const fate = new Fate();
    let isReserved = false;
    const end = (spent: Demand): void => {
      if (fate.isKnown) return;
      fate.settle();
      if (isReserved) ledger.settle(key, id, spent);
    };
    return {
      ask: async (demand) => {
        const wish: Wish = { demand, fate, heldMs: 0 };
        const answer = await this.#ask(key, id, wish);
        if (answer.kind === 'reserved') {
          // Given up meanwhile: what was reserved for it is free again.
          if (fate.isKnown) ledger.settle(key, id, nothing);
          isReserved = true;
          return { kind: 'granted', heldMs: wish.heldMs };
        }
        if (answer.kind !== 'exceeded') return { kind: 'unavailable' };
        return { kind: 'exceeded', part: answer.part, waitSeconds: Math.max(1, Math.ceil(answer.waitMs / 1000)) };
      },
      commit: end,
      refund: () => end(nothing),
    };
  }

  async #ask(key: LedgerKey, id: string, wish: Wish): Promise<LedgerAnswer> {
    const { ledger, budgets, pacing } = this.#options;
    const budget = key.startsWith('from ') ? budgets.from : budgets.to;
    const attempt = (pace: boolean): Promise<LedgerAnswer> =>
      ledger.reserve({ id, key, demand: wish.demand, budget, pace });
    if (pacing.maxHoldMs === 0 || wish.demand.messages === 0 || !key.startsWith('from ')) return attempt(false);
    const queue = this.#queues.get(key);
    const first = queue === undefined ? await attempt(true) : undefined;
    if (first !== undefined && !isWorthHolding(first, pacing.maxHoldMs)) {
      return first.kind === 'too-fast' ? await attempt(false) : first;
    }
    const length = this.#queues.get(key)?.length ?? 0;
    if (this.#held >= pacing.maxHeld || length >= maxHeldOfOne) return attempt(false);
    const startedAt = this.#options.now();
    const answer = await this.#hold(key, attempt, wish.fate);
    wish.heldMs = this.#options.now() - startedAt;
    return answer;
  }

  /** First come, first served, among the messages of one account. */
  async #hold(key: LedgerKey, attempt: (pace: boolean) => Promise<LedgerAnswer>, fate: Fate): Promise<LedgerAnswer> {
    const { pacing, wait, now } = this.#options;
    const deadline = now() + pacing.maxHoldMs;
    const before = this.#queues.get(key);
    let leave: () => void = () => {};
    const last = new Promise<void>((resolve) => {
      leave = resolve;
    });
    this.#queues.set(key, { last, length: (before?.length ?? 0) + 1 });
    this.#held += 1;
    try {
      const patience = wait(pacing.maxHoldMs, fate.signal);
      await Promise.race([before?.last, patience]);
      for (;;) {
        const leftMs = deadline - now();
        if (fate.isKnown) return { kind: 'unavailable' };
        if (leftMs <= 0) return await attempt(false);
        const answer = await attempt(true);
        if (!isWorthHolding(answer, leftMs)) return answer.kind === 'too-fast' ? await attempt(false) : answer;
        if ('waitMs' in answer) await wait(answer.waitMs, fate.signal);
      }
    } finally {
      this.#held -= 1;
      this.#leave(key);
      leave();
    }
  }

  #leave(key: LedgerKey): void {
    const queue = this.#queues.get(key);
    if (queue === undefined) return;
    if (queue.length === 1) this.#queues.delete(key);
    else queue.length -= 1;
  }
}

/** Whether there is a place for it soon enough. Recipients and bytes come back in hours: nobody is held for those. */
function isWorthHolding(answer: LedgerAnswer, patienceMs: number): boolean {
  if (answer.kind === 'too-fast') return answer.waitMs <= patienceMs;
  return answer.kind === 'exceeded' && answer.part === 'messages' && answer.waitMs <= patienceMs;
}
