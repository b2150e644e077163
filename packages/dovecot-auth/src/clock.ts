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

/** Waits for `work`, but no longer than `limitMs`; without any time it is not even begun. */
export async function within(clock: Clock, limitMs: number, work: () => Promise<void>): Promise<void> {
  if (limitMs <= 0) return;
  let cancel: (() => void) | undefined;
  const late = new Promise<void>((resolve) => {
    cancel = clock.after(limitMs, resolve);
  });
  await Promise.race([work(), late]);
  cancel?.();
}
