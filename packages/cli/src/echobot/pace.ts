import { setTimeout as delay } from 'node:timers/promises';

const windowMs = 60_000;

/** Keeps below so many in any minute: what would be too much waits, and comes later. */
export class Pace {
  readonly #most: number;
  readonly #now: () => number;
  readonly #recent: number[] = [];

  /** @param now milliseconds of a clock that only goes forward. */
  constructor(most: number, now: () => number) {
    this.#most = most;
    this.#now = now;
  }

  /** Settles when the next may go. @throws AbortError */
  async turn(signal: AbortSignal): Promise<void> {
    await delay(this.waitMs(), undefined, { signal });
    this.#recent.push(this.#now());
    if (this.#recent.length > this.#most) this.#recent.shift();
  }

  /** How long the next would have to wait. */
  waitMs(): number {
    const [oldest] = this.#recent;
    if (oldest === undefined || this.#recent.length < this.#most) return 0;
    return Math.max(0, oldest + windowMs - this.#now());
  }
}
