import {
  accept,
  discard,
  type Handlers,
  type MessageVerdict,
  type MilterEvent,
  type MilterOptions,
  reject,
  reply,
  skip,
  tempfail,
} from '../src/index.ts';

/** Each connection counts what it is asked, so that the same conversation has the same answers. */
interface Turns {
  turn: number;
}
type Fuzzed = Handlers<'addHeader' | 'replaceBody', Turns, undefined>;
export type FuzzedFilter = MilterOptions<'addHeader' | 'replaceBody', Turns, undefined>;

const verdicts: readonly (MessageVerdict | undefined)[] = [
  undefined,
  accept,
  undefined,
  reject,
  undefined,
  reply(550, '5.7.1', 'no'),
  tempfail,
  undefined,
  discard,
];
const next = (turns: Turns): MessageVerdict | undefined => verdicts[(turns.turn += 1) % verdicts.length];
const nextWithoutDiscard = (turns: Turns): Exclude<MessageVerdict, { kind: 'discard' }> | undefined => {
  const verdict = next(turns);
  return verdict?.kind === 'discard' ? undefined : verdict;
};
const later = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
const edits: Fuzzed['endOfMessage'] = (_, { edit, connection }) => {
  edit.addHeader('X', 'y');
  edit.replaceBody('z');
  return next(connection);
};

/** One that fails, and one that never answers and has to be given up. */
const impatient: Fuzzed = {
  mail: ({ from }) => {
    if (from === '') throw new Error('a bug');
  },
  header: ({ rawValue: [first = 0] }) => (first < 4 ? new Promise(() => {}) : undefined),
  body: { mode: 'prefix', bytes: 100, handler: async (_, { connection }) => next(connection) },
};

/** Handlers of every kind: that answer, at once and later; that look; that throw; that stop early. */
const filters: readonly Fuzzed[] = [
  {
    connect: () => {},
    helo: later,
    mail: { observe: async () => {} },
    rcpt: (_, { connection }) => next(connection),
    header: { observe: () => {} },
    endOfHeaders: async (_, { connection }) => {
      if ((connection.turn += 1) % 7 === 0) throw new Error('a bug');
    },
    body: {
      mode: 'stream',
      handler: async (chunks, { connection }) => {
        for await (const _ of chunks) if ((connection.turn += 1) % 3 === 0) return;
      },
    },
    endOfMessage: edits,
  },
  {
    connect: { observe: () => {} },
    helo: { observe: later },
    mail: { observe: later },
    rcpt: { observe: () => {} },
    data: { observe: () => {} },
    unknown: { observe: later },
    header: { observe: ({ name }, { connection }) => void (connection.turn += name.length) },
    endOfHeaders: { observe: () => {} },
    body: { observe: later },
    endOfMessage: async (event, context) => {
      await later();
      return edits(event, context);
    },
  },
  {
    connect: (_, { connection }) => nextWithoutDiscard(connection),
    helo: (_, { connection }) => nextWithoutDiscard(connection),
    mail: async (_, { connection }) => next(connection),
    rcpt: async (_, { connection }) => {
      await later();
      return next(connection);
    },
    data: (_, { connection }) => next(connection),
    unknown: async () => reject,
    header: (_, { connection }) => next(connection),
    endOfHeaders: (_, { connection }) => next(connection),
    body: (_, { connection }) => ((connection.turn += 1) % 4 === 0 ? skip : next(connection)),
    endOfMessage: async (event, context) => edits(event, context),
  },
  impatient,
  {
    rcpt: { observe: () => {} },
    body: { mode: 'whole', maxBytes: 5000, overflow: reject, handler: (_, { connection }) => next(connection) },
    endOfMessage: async (_, { edit }) => {
      edit.replaceBody(
        (async function* pieces(): AsyncGenerator<Uint8Array> {
          yield Buffer.from('x');
          await later();
          yield Buffer.from('y');
        })(),
      );
    },
  },
];

export const filterCount: number = filters.length;

/** The filters that are talked to, each with an ear for its events. */
export function fuzzedFilters(listeners: readonly ((event: MilterEvent) => void)[]): readonly FuzzedFilter[] {
  return filters.map((on, index) => ({
    name: 'fuzzed',
    actions: ['addHeader', 'replaceBody'],
    connection: () => ({ turn: index }),
    limits: { headers: 20, recipients: 5 },
    // For the handler that never answers; the others are to answer the same every time.
    handlerTimeoutMs: on === impatient ? 1 : 60_000,
    keepAliveMs: 1,
    onEvent: (event) => listeners[index]?.(event),
    on,
  }));
}
