import type { Socket } from 'node:net';
import type { CallResult } from '../backend-calls.ts';
import type { Clock } from '../clock.ts';
import { DovecotProtocolError } from '../errors.ts';
import type { EventListener } from '../events.ts';
import type { Limits } from '../limits.ts';
import { AskingPeer } from '../sockets/asking-peer.ts';
import type { DictContext, DictHandlers } from './handlers.ts';
import { dictLines, parseDictMessage } from './messages.ts';
import type { DictMessage, DictQuery } from './messages.ts';
import { Transactions } from './transactions.ts';
import type { TakenTransaction } from './transactions.ts';

export interface DictConnectionOptions {
  readonly socket: Socket;
  readonly connection: number;
  readonly handlers: Readonly<Record<string, DictHandlers>>;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly onEvent: EventListener;
}

/** What a dict client is told when we fail; the reason is in the event, not in Dovecot's log. */
const FAILURE = 'temporary failure';
/** And when it wants what cannot be. */
const REFUSAL = 'not allowed';

/**
 * One connection of a dict client. Answers carry no ids, so they leave in the order of the questions, and the
 * questions are worked off one after another.
 */
export class DictConnection {
  readonly #options: DictConnectionOptions;
  /** What the door's acceptor holds. */
  readonly peer: AskingPeer;
  readonly #transactions = new Transactions();
  #dict: string | undefined;
  #work: Promise<void> = Promise.resolve();
  #queued = 0;

  constructor(options: DictConnectionOptions) {
    this.#options = options;
    this.peer = new AskingPeer({
      ...options,
      onLine: (line) => this.#receive(parseDictMessage(line.toString('utf8'))),
      isReady: () => this.#dict !== undefined,
      onDrain: () => this.#work,
    });
  }

  #receive(message: DictMessage): void {
    if (message.kind === 'hello') {
      this.#hello(message.dict);
      return;
    }
    const dict = this.#dict;
    if (dict === undefined) throw new DovecotProtocolError('out-of-order', 'a dict client did not begin with H');
    const handlers = this.#options.handlers[dict] ?? {};
    const { connection } = this.#options;
    const context = (user: string): Omit<DictContext, 'signal'> => ({ dict, user, connection });
    switch (message.kind) {
      case 'lookup':
        this.#enqueue(() => this.#lookup(handlers, message.key, context(message.user)));
        break;
      case 'iterate':
        this.#enqueue(() => this.#iterate(handlers, message, context(message.user)));
        break;
      case 'begin':
        this.#transactions.begin(message);
        break;
      case 'change':
      case 'timestamp':
        this.#transactions.edit(message);
        break;
      case 'rollback':
        this.#transactions.take(message.id);
        break;
      case 'commit': {
        const taken = this.#transactions.take(message.id);
        this.#enqueue(() => this.#commit(handlers, message, taken, context(taken.user)));
        break;
      }
      case 'ignored':
        break;
    }
  }

  #hello(dict: string): void {
    if (this.#dict !== undefined) throw new DovecotProtocolError('out-of-order', 'a dict client said H twice');
    if (!Object.hasOwn(this.#options.handlers, dict)) {
      throw new DovecotProtocolError('malformed-command', 'a dict client asked for a dict that is not served here');
    }
    this.#dict = dict;
  }

  /** Work is done in the order of its arrival; while much is queued nothing more is read. */
  #enqueue(work: () => Promise<void>): void {
    this.#queued += 1;
    if (this.#queued === this.#options.limits.maxCallsInFlight) this.peer.hold();
    this.#work = this.#work
      .then(work)
      .catch((cause: unknown) => this.#fail(cause))
      .then(() => {
        if (this.#queued === this.#options.limits.maxCallsInFlight) this.peer.release();
        this.#queued -= 1;
      });
  }

  /** A handler's answer could not be said: better no answer than half of one. */
  #fail(cause: unknown): void {
    const { onEvent, connection } = this.#options;
    onEvent({ kind: 'backend.failed', connection, operation: 'answer', cause });
    this.peer.destroy();
  }

  async #lookup(handlers: DictHandlers, key: string, context: Omit<DictContext, 'signal'>): Promise<void> {
    const result = await this.peer.calls.run('lookup', this.peer.signal, async (signal) => {
      if (handlers.lookup === undefined) throw new Error(`the dict ${context.dict} cannot be read`);
      return handlers.lookup(key, { ...context, signal });
    });
    this.peer.send([answerTo(result)]);
  }

  async #commit(
    handlers: DictHandlers,
    { id, isAsync }: { id: number; isAsync: boolean },
    taken: TakenTransaction,
    context: Omit<DictContext, 'signal'>,
  ): Promise<void> {
    const result = await this.peer.calls.run('commit', this.peer.signal, async (signal) => {
      if (handlers.commit === undefined) throw new Error(`the dict ${context.dict} cannot be written`);
      return handlers.commit(taken.transaction, { ...context, signal });
    });
    if (result.kind !== 'value') this.peer.send([dictLines.commitFailed(id, isAsync, FAILURE)]);
    else if (result.value === 'refused') this.peer.send([dictLines.commitFailed(id, isAsync, REFUSAL)]);
    else if (result.value === 'not-found') this.peer.send([dictLines.nothingToCommit(id, isAsync)]);
    else this.peer.send([dictLines.committed(id, isAsync)]);
  }

  /** No deadline: a listing takes as long as the peer takes to read it. */
  async #iterate(
    handlers: DictHandlers,
    { query }: Extract<DictMessage, { kind: 'iterate' }>,
    context: Omit<DictContext, 'signal'>,
  ): Promise<void> {
    const { onEvent, connection } = this.#options;
    try {
      if (handlers.iterate === undefined) throw new Error(`the dict ${context.dict} cannot be listed`);
      await this.peer.sendAll(listing(handlers.iterate(query, { ...context, signal: this.peer.signal }), query));
      this.peer.send([dictLines.rowsDone]);
    } catch (cause) {
      if (this.peer.signal.aborted) return;
      onEvent({ kind: 'backend.failed', connection, operation: 'iterate', cause });
      this.peer.send([dictLines.failed(FAILURE)]);
    }
  }
}

async function* listing(
  found: AsyncIterable<readonly [key: string, value: string]>,
  { wantsValues, maxRows }: DictQuery,
): AsyncGenerator<string> {
  let rows = 0;
  for await (const [key, value] of found) {
    yield dictLines.row(key, wantsValues ? value : '');
    rows += 1;
    if (rows === maxRows) return;
  }
}

function answerTo(result: CallResult<string | readonly string[] | undefined>): string {
  if (result.kind !== 'value') return dictLines.failed(FAILURE);
  const { value } = result;
  if (value === undefined) return dictLines.notFound;
  return dictLines.found(typeof value === 'string' ? [value] : value);
}
