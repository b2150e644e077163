/** Where a server gets the time from. */
export interface Clock {
  /** Milliseconds that only ever grow. */
  now(): number;
  /** Runs `action` once, `delayMs` later; the returned function prevents it. It must not keep the process alive. */
  after(delayMs: number, action: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after: (delayMs, action) => {
    const timer = setTimeout(action, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
