import { type Action, createMilter, type Handlers, type MilterEvent, type MilterServer } from '@postern/milter';

const allActions = [
  'addHeader',
  'changeHeader',
  'replaceBody',
  'addRecipient',
  'addRecipientWithParameters',
  'deleteRecipient',
  'changeSender',
  'quarantine',
] as const satisfies readonly Action[];

/** What a test may say at each stage. */
export type Script = {
  readonly [Stage in keyof Scripted]?: Extract<Scripted[Stage], (...args: never[]) => unknown>;
};
type Scripted = Handlers<(typeof allActions)[number], undefined, undefined>;

/** A filter with a handler that answers at every stage; a test says what. */
export class ScriptedFilter implements AsyncDisposable {
  readonly events: MilterEvent[] = [];
  #script: Script = {};
  #server: MilterServer | undefined;
  #watchers = new Set<() => void>();

  static async listen(path: string): Promise<ScriptedFilter> {
    const filter = new ScriptedFilter();
    const milter = createMilter({
      name: 'scripted',
      actions: allActions,
      onEvent: (event) => {
        filter.events.push(event);
        for (const look of filter.#watchers) look();
      },
      on: {
        connect: (event, context) => filter.#script.connect?.(event, context),
        helo: (event, context) => filter.#script.helo?.(event, context),
        mail: (event, context) => filter.#script.mail?.(event, context),
        rcpt: (event, context) => filter.#script.rcpt?.(event, context),
        data: (event, context) => filter.#script.data?.(event, context),
        unknown: (event, context) => filter.#script.unknown?.(event, context),
        header: (event, context) => filter.#script.header?.(event, context),
        endOfHeaders: (event, context) => filter.#script.endOfHeaders?.(event, context),
        body: (chunk, context) => filter.#script.body?.(chunk, context),
        endOfMessage: (event, context) => filter.#script.endOfMessage?.(event, context),
      },
    });
    filter.#server = await milter.listen({ path, mode: 0o666 });
    return filter;
  }

  /** From now on the filter does this, and has seen nothing. */
  play(script: Script): void {
    this.#script = script;
    this.events.length = 0;
  }

  /** Settles when an event of that kind has come. */
  async seen(kind: MilterEvent['kind']): Promise<void> {
    const has = (): boolean => this.events.some((event) => event.kind === kind);
    if (has()) return;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (!has()) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.close({ drainMs: 0 });
  }
}
