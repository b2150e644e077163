/** The work could not be done in time; the same request may succeed in a moment. */
export class OverloadError extends Error {
  override readonly name = 'OverloadError';
}

/** Runs at most so many tasks at once, lets a bounded number wait, and lets none wait for longer than the deadline. */
export class WorkQueue {
  readonly #maxConcurrent: number;
  readonly #maxQueued: number;
  readonly #deadlineMs: number;
  /** Calling one gives it its turn. */
  readonly #waiting = new Set<() => void>();
  #running = 0;

  constructor(limits: { readonly maxConcurrent: number; readonly maxQueued: number; readonly deadlineMs: number }) {
    this.#maxConcurrent = limits.maxConcurrent;
    this.#maxQueued = limits.maxQueued;
    this.#deadlineMs = limits.deadlineMs;
  }

  /** Whether a task would start at once. */
  get isIdle(): boolean {
    return this.#running < this.#maxConcurrent;
  }

  /**
   * @throws OverloadError when the queue is full, when the task's turn does not come before the deadline, or when nobody
   * waits for it any more.
   */
  async run<T>(task: () => Promise<T>, signal: AbortSignal): Promise<T> {
    if (signal.aborted) throw gone();
    if (this.isIdle) this.#running += 1;
    else await this.#turn(signal);
    try {
      return await task();
    } finally {
      this.#passOn();
    }
  }

  /** Whoever has waited longest gets the place of the task that ended: nobody can slip in between. */
  #passOn(): void {
    for (const start of this.#waiting) return start();
    this.#running -= 1;
  }

  async #turn(signal: AbortSignal): Promise<void> {
    if (this.#waiting.size >= this.#maxQueued) {
      throw new OverloadError(`${this.#maxQueued} password checks are waiting already`);
    }
    await new Promise<void>((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(start);
        clearTimeout(late);
        signal.removeEventListener('abort', onAbort);
      };
      const start = (): void => {
        leave();
        resolve();
      };
      const onAbort = (): void => {
        leave();
        reject(gone());
      };
      const late = setTimeout(() => {
        leave();
        reject(new OverloadError(`no password check was free within ${this.#deadlineMs} ms`));
      }, this.#deadlineMs);
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.add(start);
    });
  }
}

function gone(): OverloadError {
  return new OverloadError('nobody waits for this password check any more');
}
