import type { Clock } from '@postern/dovecot-auth';

/** A clock that stands still until it is moved. */
export class ManualClock implements Clock {
  #now = 0;
  readonly #timers = new Set<{ readonly at: number; readonly action: () => void }>();

  now(): number {
    return this.#now;
  }

  after(delayMs: number, action: () => void): () => void {
    const timer = { at: this.#now + delayMs, action };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Whether something is due within so many milliseconds. */
  waits(ms: number): boolean {
    return [...this.#timers].some(({ at }) => at <= this.#now + ms);
  }

  /** Lets time pass, and runs what is due. */
  pass(ms: number): void {
    this.#now += ms;
    for (const timer of [...this.#timers].filter(({ at }) => at <= this.#now)) {
      if (this.#timers.delete(timer)) timer.action();
    }
  }
}
