import type { Clock } from './clock.ts';
import { HandlerTimeoutError, LimitError } from './errors.ts';
import type { MilterEvent } from './milter-events.ts';
import type { ErrorPolicy } from './options.ts';
import { PendingAnswer } from './pending.ts';
import type { Stage } from './stages.ts';
import { isPromise } from './eventual.ts';
import { accept, isVerdictAt, reject, tempfail, type Verdict } from './verdicts.ts';

type Answer = Verdict | undefined | void;

/** How a handler's work ended. A late or a broken handler is answered for by the error policy. */
export type Outcome =
  | { readonly kind: 'answered'; readonly verdict: Verdict | undefined }
  | { readonly kind: 'failed'; readonly verdict: Verdict; readonly isTimeout: boolean }
  | { readonly kind: 'interrupted' };

const continued: Outcome = Object.freeze({ kind: 'answered', verdict: undefined });
const interrupted: Outcome = Object.freeze({ kind: 'interrupted' });

export interface ExchangeOptions {
  readonly connection: number;
  readonly clock: Clock;
  readonly onError: ErrorPolicy;
  readonly keepAliveMs: number;
  readonly handlerTimeoutMs: number;
  readonly onEvent: ((event: MilterEvent) => void) | undefined;
}

/** Runs one handler at a time, and turns whatever it does into an outcome. */
export class Exchange {
  readonly #options: ExchangeOptions;
  #pending: PendingAnswer<Answer> | undefined;

  constructor(options: ExchangeOptions) {
    this.#options = options;
  }

  /** Ends the wait for the handler that is at work, if one is: nobody wants its answer any more. */
  interrupt(): void {
    this.#pending?.interrupt();
  }

  /**
   * Calls a handler. Its answer is there at once when it does not return a promise.
   *
   * @param keepAlive reports progress to the mail server; absent where that must not be done.
   */
  run(stage: Stage, start: () => Answer | Promise<Answer>, keepAlive?: () => void): Outcome | Promise<Outcome> {
    let answer: Answer | Promise<Answer>;
    try {
      answer = start();
    } catch (error) {
      return this.fail(stage, error);
    }
    if (answer === undefined) return continued;
    return isPromise(answer) ? this.#wait(stage, answer, keepAlive) : this.#accept(stage, answer);
  }

  /** What a failure of ours is answered with; it is reported, and never reaches the client. */
  fail(stage: Stage | 'connection' | 'message', error: unknown): Outcome & { readonly kind: 'failed' } {
    const { connection, onError, onEvent } = this.#options;
    onEvent?.({ kind: 'handler.failed', connection, stage, error });
    const isTimeout = error instanceof HandlerTimeoutError;
    // More than we take is never a reason to let a message pass.
    if (error instanceof LimitError) return { kind: 'failed', verdict: tempfail, isTimeout };
    return { kind: 'failed', verdict: this.#policy(onError, stage, error), isTimeout };
  }

  /** The types see to it in TypeScript; a filter in JavaScript learns of it here. */
  #accept(stage: Stage, answer: Answer | null): Outcome {
    if (answer === undefined || answer === null) return continued;
    if (isVerdictAt(stage, answer)) return { kind: 'answered', verdict: answer };
    return this.fail(stage, new TypeError(`the handler of ${stage} returned something that is no verdict there`));
  }

  #policy(onError: ErrorPolicy, stage: Stage | 'connection' | 'message', error: unknown): Verdict {
    switch (onError) {
      case 'tempfail':
        return tempfail;
      case 'reject':
        return reject;
      case 'accept':
        return accept;
      default:
        try {
          return onError(error, stage);
        } catch (failure) {
          this.#options.onEvent?.({
            kind: 'handler.failed',
            connection: this.#options.connection,
            stage,
            error: failure,
          });
          return tempfail;
        }
    }
  }

  async #wait(stage: Stage, answer: Promise<Answer>, keepAlive: (() => void) | undefined): Promise<Outcome> {
    const { clock, handlerTimeoutMs, keepAliveMs } = this.#options;
    const pending = new PendingAnswer(answer, { clock, timeoutMs: handlerTimeoutMs, keepAliveMs, keepAlive });
    this.#pending = pending;
    const settled = await pending.settled;
    this.#pending = undefined;
    switch (settled.kind) {
      case 'value':
        return this.#accept(stage, settled.value);
      case 'error':
        return this.fail(stage, settled.error);
      case 'timeout':
        return this.fail(
          stage,
          new HandlerTimeoutError(`the handler of ${stage} did not answer within ${handlerTimeoutMs} ms`),
        );
      case 'interrupted':
        break;
    }
    return interrupted;
  }
}
