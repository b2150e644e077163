import type { Store } from '../store/store.ts';
import { removeOldTokens } from './device-tokens.ts';
import { type PushLimits, pushLimits } from './limits.ts';
import { NotificationService } from './notification-service.ts';
import { keyOf, type Push, PushQueue } from './queue.ts';

/** What an operator may have to know. An outage is told once, and its end. */
export type PushEvent =
  | { readonly kind: 'push.unavailable'; readonly reason: string }
  | { readonly kind: 'push.available'; readonly failures: number }
  | { readonly kind: 'push.store-failed'; readonly cause: unknown };

export interface NotifierOptions {
  readonly store: Store;
  /** Where the notification service is. */
  readonly url: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly onEvent: (event: PushEvent) => void;
  readonly limits?: Partial<PushLimits>;
}

/**
 * Tells the notification service of new mail, from a queue that outlives us. Nobody waits for it: whoever delivers mail
 * only waits until it is in the queue.
 */
export class Notifier {
  readonly #options: NotifierOptions;
  readonly #limits: PushLimits;
  readonly #queue: PushQueue;
  readonly #service: NotificationService;
  readonly #abort = new AbortController();
  readonly #underWay = new Map<string, Promise<void>>();
  #working: Promise<void> | undefined;
  #isWoken = false;
  #timer: NodeJS.Timeout | undefined;
  #cleanedOn = -1;
  #failures = 0;

  constructor(options: NotifierOptions) {
    this.#options = options;
    this.#limits = { ...pushLimits, ...options.limits };
    this.#queue = new PushQueue(options.store, this.#limits);
    const { requestTimeoutMs: timeoutMs, maxAtOnce } = this.#limits;
    this.#service = new NotificationService(options.url, { timeoutMs, maxAtOnce });
  }

  /** Takes up what an earlier process left. */
  start(): void {
    this.#wake();
  }

  /** A message came for somebody else than its sender. @throws StoreError when that could not be noted. */
  async announce(address: string): Promise<void> {
    if (await this.#queue.announce(address, this.#now())) this.#wake();
  }

  /** Interrupts what is under way; it stays in the queue. */
  async stop(): Promise<void> {
    this.#abort.abort();
    clearTimeout(this.#timer);
    await this.#working;
    await Promise.all(this.#underWay.values());
    this.#service.close();
  }

  #wake(): void {
    if (this.#abort.signal.aborted) return;
    this.#isWoken = true;
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
      if (this.#isWoken) this.#wake(); // by somebody who came when the last round was over
    });
  }

  async #work(): Promise<void> {
    while (this.#isWoken && !this.#abort.signal.aborted) {
      this.#isWoken = false;
      clearTimeout(this.#timer);
      const pauseMs = await this.#round().catch((cause: unknown) => {
        this.#options.onEvent({ kind: 'push.store-failed', cause });
        return this.#limits.storeRetryMs;
      });
      if (this.#abort.signal.aborted) return;
      this.#timer = setTimeout(() => this.#wake(), pauseMs).unref();
    }
  }

  /** Starts as much as may be under way at one time. @returns for how long there is nothing to do, unless woken. */
  async #round(): Promise<number> {
    await this.#clean();
    const free = this.#limits.maxAtOnce - this.#underWay.size;
    if (free === 0) return this.#limits.maxIdleMs; // whoever ends first wakes us
    const now = this.#now();
    const claimed = await this.#queue.claim(now, free, this.#underWay);
    for (const push of claimed) this.#begin(push);
    const due = await this.#queue.nextDue(now);
    const untilDueMs = due === undefined ? Infinity : due * 1_000 - this.#options.now();
    return Math.min(Math.max(untilDueMs, 0), this.#limits.maxIdleMs);
  }

  #begin(push: Push): void {
    const key = keyOf(push);
    const sending = this.#send(push)
      .catch((cause: unknown) => this.#options.onEvent({ kind: 'push.store-failed', cause }))
      .finally(() => {
        this.#underWay.delete(key);
        this.#wake();
      });
    this.#underWay.set(key, sending);
  }

  async #send(push: Push): Promise<void> {
    const { signal } = this.#abort;
    const answer = await this.#service.notify(push.token, signal);
    const isInterrupted = signal.aborted && answer.kind === 'failed';
    if (!isInterrupted) this.#report(answer.kind === 'failed' ? answer.reason : undefined);
    await this.#queue.settle(push, isInterrupted ? 'interrupted' : answer.kind, this.#now());
  }

  #report(failure: string | undefined): void {
    const { onEvent } = this.#options;
    if (failure !== undefined) {
      if (this.#failures === 0) onEvent({ kind: 'push.unavailable', reason: failure });
      this.#failures += 1;
    } else if (this.#failures > 0) {
      onEvent({ kind: 'push.available', failures: this.#failures });
      this.#failures = 0;
    }
  }

  /** Once a day. */
  async #clean(): Promise<void> {
    const today = Math.floor(this.#now() / 86_400);
    if (today === this.#cleanedOn) return;
    await this.#options.store.write((db) => removeOldTokens(db, today));
    this.#cleanedOn = today;
  }

  #now(): number {
    return Math.floor(this.#options.now() / 1_000);
  }
}
