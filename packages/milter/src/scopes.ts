import type { Action, Editor } from './edits.ts';
import type { ConnectionContext, EndOfMessageContext } from './handlers.ts';

/** An `AbortController` that is made when its signal is first asked for: most connections idle, most handlers do not wait. */
export class AbortSource {
  #controller: AbortController | undefined;
  #isAborted = false;

  get isAborted(): boolean {
    return this.#isAborted;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#isAborted) this.#controller.abort();
    return this.#controller.signal;
  }

  abort(): void {
    this.#isAborted = true;
    this.#controller?.abort();
  }
}

/** What handlers of a connection see of it. The state is a function, so that a failure to make it shows where it is used. */
export class ConnectionScope<C> implements ConnectionContext<C> {
  readonly id: number;
  readonly macro: (name: string) => string | undefined;
  readonly #state: () => C;
  readonly #abort: AbortSource;

  constructor(id: number, state: () => C, macro: (name: string) => string | undefined, abort: AbortSource) {
    this.id = id;
    this.#state = state;
    this.macro = macro;
    this.#abort = abort;
  }

  get connection(): C {
    return this.#state();
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }
}

/** What handlers of a message see of it. Only the type of the last stage shows `edit`; before, it throws. */
export class MessageScope<A extends Action, C, M> implements EndOfMessageContext<A, C, M> {
  readonly id: number;
  readonly macro: (name: string) => string | undefined;
  readonly edit: Editor<A>;
  readonly #connection: ConnectionContext<C>;
  readonly #state: () => M;
  readonly #abort: AbortSource;

  constructor(connection: ConnectionContext<C>, state: () => M, edit: Editor<A>, abort: AbortSource) {
    this.id = connection.id;
    this.macro = connection.macro;
    this.edit = edit;
    this.#connection = connection;
    this.#state = state;
    this.#abort = abort;
  }

  get connection(): C {
    return this.#connection.connection;
  }

  get message(): M {
    return this.#state();
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }
}

/** Calls a maker of state now; what it throws is thrown again whenever the state is asked for. */
export function makeState<T>(make: () => T): {
  readonly state: () => T;
  readonly failure?: { readonly error: unknown };
} {
  try {
    const value = make();
    return { state: () => value };
  } catch (error) {
    const state = (): never => {
      throw error;
    };
    return { state, failure: { error } };
  }
}
