import type { Clock } from './clock.ts';
import type { EventListener } from './events.ts';
import type { Limits } from './limits.ts';

export interface BackendCallsOptions {
  readonly connection: number;
  readonly limits: Pick<Limits, 'maxCallsInFlight' | 'callTimeoutMs'>;
  readonly clock: Clock;
  readonly onEvent: EventListener;
  /** Called when as many calls run as may, and when one fewer does. */
  readonly onFull?: () => void;
  readonly onFree?: () => void;
}

/** What came of a call: its value; or that it failed; or that nobody waits for it any more. */
export type CallResult<T> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'failed' }
  | { readonly kind: 'abandoned' };

/** The calls into the backend that one connection has running: bounded, each with a deadline, none of which can throw. */
export class BackendCalls {
  readonly #options: BackendCallsOptions;
  #running = 0;
  #isFull = false;
  #idle: (() => void)[] = [];

  constructor(options: BackendCallsOptions) {
    this.#options = options;
  }

  /** Runs `call`; `abandon` says that its result is not wanted any more. */
  async run<T>(
    operation: string,
    abandon: AbortSignal,
    call: (signal: AbortSignal) => Promise<T>,
  ): Promise<CallResult<T>> {
    this.#begin();
    const { clock, limits, onEvent, connection } = this.#options;
    const controller = new AbortController();
    const giveUp = (): void => controller.abort(new Error('nobody waits for the answer any more'));
    const cancelDeadline = clock.after(limits.callTimeoutMs, () => {
      controller.abort(new Error(`the backend's ${operation} did not answer within ${limits.callTimeoutMs} ms`));
    });
    abandon.addEventListener('abort', giveUp);
    if (abandon.aborted) giveUp();
    try {
      return { kind: 'value', value: await untilAborted(controller.signal, call) };
    } catch (cause) {
      if (abandon.aborted) return { kind: 'abandoned' };
      onEvent({ kind: 'backend.failed', connection, operation, cause });
      return { kind: 'failed' };
    } finally {
      abandon.removeEventListener('abort', giveUp);
      cancelDeadline();
      this.#end();
    }
  }

  /** Resolves as soon as no call runs. */
  idle(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #begin(): void {
    this.#running += 1;
    if (this.#isFull || this.#running < this.#options.limits.maxCallsInFlight) return;
    this.#isFull = true;
    this.#options.onFull?.();
  }

  #end(): void {
    this.#running -= 1;
    if (this.#isFull) {
      this.#isFull = false;
      this.#options.onFree?.();
    }
    if (this.#running > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}

/** A backend that ignores its signal still is not waited for. */
async function untilAborted<T>(signal: AbortSignal, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    signal.addEventListener('abort', stop);
  });
  try {
    return await Promise.race([call(signal), aborted]);
  } finally {
    if (stop !== undefined) signal.removeEventListener('abort', stop);
  }
}
