import type { Clock } from './clock.ts';

export type Settled<T> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'error'; readonly error: unknown }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'interrupted' };

/** A wait for a handler, which its deadline or an interruption can end before the handler does. */
export class PendingAnswer<T> {
  readonly settled: Promise<Settled<T>>;
  #settle: (settled: Settled<T>) => void = () => {};

  constructor(
    answer: PromiseLike<T>,
    options: { clock: Clock; timeoutMs: number; keepAliveMs: number; keepAlive: (() => void) | undefined },
  ) {
    const { clock, timeoutMs, keepAliveMs, keepAlive } = options;
    this.settled = new Promise((resolve) => {
      const cancelTimeout = clock.after(timeoutMs, () => this.#settle({ kind: 'timeout' }));
      let cancelKeepAlive = (): void => {};
      if (keepAlive !== undefined && keepAliveMs > 0) {
        const tick = (): void => {
          keepAlive();
          cancelKeepAlive = clock.after(keepAliveMs, tick);
        };
        cancelKeepAlive = clock.after(keepAliveMs, tick);
      }
      this.#settle = (settled) => {
        cancelTimeout();
        cancelKeepAlive();
        resolve(settled);
      };
      // After an interruption these come late, and change nothing.
      answer.then(
        (value) => this.#settle({ kind: 'value', value }),
        (error: unknown) => this.#settle({ kind: 'error', error }),
      );
    });
  }

  interrupt(): void {
    this.#settle({ kind: 'interrupted' });
  }
}
