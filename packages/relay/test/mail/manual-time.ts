/** Time that passes when a test says so. */
export class ManualTime {
  nowMs: number;
  readonly #waiting = new Set<{ at: number; resolve: () => void }>();

  constructor(nowMs = 0) {
    this.nowMs = nowMs;
  }

  readonly now = (): number => this.nowMs;

  readonly wait = (ms: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const entry = { at: this.nowMs + ms, resolve };
      this.#waiting.add(entry);
      signal.addEventListener('abort', () => {
        this.#waiting.delete(entry);
        resolve();
      });
    });

  /** Lets time pass, and everybody who waited do what they waited for. */
  async pass(ms: number): Promise<void> {
    const until = this.nowMs + ms;
    for (;;) {
      await settled();
      const next = [...this.#waiting].filter(({ at }) => at <= until).toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#waiting.delete(next);
      this.nowMs = Math.max(this.nowMs, next.at);
      next.resolve();
    }
    this.nowMs = until;
  }
}

/** Everything that only waits for promises has happened. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
