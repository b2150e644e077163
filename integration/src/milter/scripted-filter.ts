import { type Action, createMilter, type Handlers, type MilterServer } from '@postern/milter';
import { EventLog } from './event-log.ts';

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
  readonly log = new EventLog();
  #script: Script = {};
  #server: MilterServer | undefined;

  static async listen(this: void, path: string): Promise<ScriptedFilter> {
    const filter = new ScriptedFilter();
    const milter = createMilter({
      name: 'scripted',
      actions: allActions,
      onEvent: filter.log.take,
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
    this.log.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.close({ drainMs: 0 });
  }
}
