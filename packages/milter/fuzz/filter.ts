import { accept, type MilterEvent, type MilterOptions, reject, type MessageVerdict, tempfail } from '../src/index.ts';

const verdicts: readonly (MessageVerdict | undefined)[] = [undefined, accept, undefined, reject, tempfail, undefined];

/** A filter with a handler of every kind: that answers, at once and later; that looks; that throws; that stops early. */
export function fuzzedFilter(
  onEvent: (event: MilterEvent) => void,
): MilterOptions<'addHeader' | 'replaceBody', undefined, undefined> {
  let turn = 0;
  const next = (): MessageVerdict | undefined => verdicts[(turn += 1) % verdicts.length];
  return {
    name: 'fuzzed',
    actions: ['addHeader', 'replaceBody'],
    limits: { headers: 20, recipients: 5 },
    onEvent,
    on: {
      connect: () => {},
      helo: async () => {
        await new Promise(setImmediate);
      },
      mail: { observe: async () => {} },
      rcpt: () => next(),
      header: { observe: () => {} },
      endOfHeaders: async () => {
        if ((turn += 1) % 7 === 0) throw new Error('a bug');
      },
      body: {
        mode: 'stream',
        handler: async (chunks) => {
          for await (const _ of chunks) if ((turn += 1) % 3 === 0) return;
        },
      },
      endOfMessage: (_, { edit }) => {
        edit.addHeader('X', 'y');
        edit.replaceBody('z');
        return next();
      },
    },
  };
}

/** Checks the story of each connection as it ends: negotiated at most once, ended once, refused at most once. */
export class StoryOracle {
  readonly #stories = new Map<number, MilterEvent['kind'][]>();

  readonly take = (event: MilterEvent): void => {
    if (!('connection' in event)) return;
    const story = this.#stories.get(event.connection) ?? [];
    story.push(event.kind);
    this.#stories.set(event.connection, story);
  };

  /** @throws Error for the first connection whose story is not whole. Forgets them all. */
  check(): void {
    for (const [connection, story] of this.#stories) {
      const count = (...kinds: MilterEvent['kind'][]): number => story.filter((kind) => kinds.includes(kind)).length;
      const negotiated = count('connection.negotiated');
      const isWhole =
        negotiated <= 1 &&
        count('connection.closed') === negotiated &&
        count('connection.refused', 'connection.stranger') <= 1 &&
        (negotiated === 0 || story.at(-1) === 'connection.closed');
      if (!isWhole) throw new Error(`connection ${connection} has an odd story: ${story.join(', ')}`);
    }
    this.#stories.clear();
  }
}
