import { createMilter, type Editor, type MessageVerdict, type MilterServer } from '@postern/milter';
import { EventLog } from './event-log.ts';

type Ending = (edit: Editor<'addHeader'>) => MessageVerdict | undefined | void;

/** A filter that looks at every stage, and answers nothing but the end of a message; a test says what. */
export class ObservingFilter implements AsyncDisposable {
  readonly log = new EventLog();
  /** What it has seen, a line for each event; pieces of a body count as one. */
  readonly diary: string[] = [];
  bodyBytes = 0;
  #end: Ending = () => {};
  #server: MilterServer | undefined;

  static async listen(this: void, path: string): Promise<ObservingFilter> {
    const filter = new ObservingFilter();
    const write = (line: string): void => void filter.diary.push(line);
    const milter = createMilter({
      name: 'observing',
      actions: ['addHeader'],
      onEvent: filter.log.take,
      on: {
        connect: { observe: ({ peer }) => write(`connect by ${peer.family}`) },
        helo: { observe: ({ name }) => write(`helo ${name}`) },
        mail: { observe: ({ from }) => write(`mail ${from}`) },
        rcpt: { observe: ({ to }) => write(`rcpt ${to}`) },
        data: { observe: () => write('data') },
        unknown: { observe: ({ line }) => write(`unknown ${line}`) },
        header: { observe: ({ name, value }) => write(`${name}: ${value}`) },
        endOfHeaders: { observe: () => write('end of headers') },
        body: {
          observe: async (chunk) => {
            // Later: what comes meanwhile has to wait.
            await new Promise(setImmediate);
            if (filter.bodyBytes === 0) write('body');
            filter.bodyBytes += chunk.length;
          },
        },
        endOfMessage: (_, { edit }) => {
          write('end');
          return filter.#end(edit);
        },
      },
    });
    filter.#server = await milter.listen({ path, mode: 0o666 });
    return filter;
  }

  /** From now on messages end so, and the filter has seen nothing. */
  endWith(end: Ending): void {
    this.#end = end;
    this.log.clear();
    this.diary.length = 0;
    this.bodyBytes = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.close({ drainMs: 0 });
  }
}
