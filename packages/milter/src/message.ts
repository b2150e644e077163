import { type BodySink, bodySink } from './body.ts';
import type { Action, EditQueue } from './edits.ts';
import type { MessageEvent } from './call.ts';
import { LimitError } from './errors.ts';
import type { ConnectionContext, Handlers } from './handlers.ts';
import type { Limits } from './limits.ts';
import { AbortSource, MessageScope } from './scopes.ts';
import type { MessageVerdict } from './verdicts.ts';

/** Where in a message an event belongs; one that goes back begins a new message. */
export const messageOrder = {
  mail: 0,
  rcpt: 1,
  data: 2,
  header: 3,
  endOfHeaders: 4,
  body: 5,
  endOfMessage: 6,
} as const;
export type MessageStage = keyof typeof messageOrder;

/** One message on its way through the session. */
export class Message<A extends Action, C, M> {
  readonly context: MessageScope<A, C, M>;
  readonly edits: EditQueue;
  readonly #abort = new AbortSource();
  readonly #bodyHandler: Handlers<A, C, M>['body'];
  #sink: BodySink | undefined;

  #recipients = 0;
  #headers = 0;
  #headerBytes = 0;
  order = 0;
  wantsNoMoreBody = false;
  /** What every further event of this message is answered with. */
  verdict: MessageVerdict | undefined;
  /** The mail server has the verdict: whatever happens to the message now is not an abort. */
  isDecided = false;
  isGivenUp = false;

  constructor(
    connection: ConnectionContext<C>,
    state: () => M,
    edits: EditQueue,
    bodyHandler: Handlers<A, C, M>['body'],
  ) {
    this.edits = edits;
    this.context = new MessageScope(connection, state, edits, this.#abort);
    this.#bodyHandler = bodyHandler;
  }

  /** What takes the body; none without a handler for it. */
  get body(): BodySink | undefined {
    if (this.#bodyHandler === undefined) return undefined;
    return (this.#sink ??= bodySink(this.#bodyHandler, this.context));
  }

  get isAborted(): boolean {
    return this.#abort.isAborted;
  }

  /** Tells its handlers that nobody waits any more. */
  abort(): void {
    this.#abort.abort();
  }

  /** The mail server has given up on it: it gets no answer and no further event. */
  giveUp(): void {
    this.isGivenUp = true;
    this.abort();
  }

  /** @throws LimitError when there is more of something than a filter takes. */
  count(event: MessageEvent, limits: Limits): void {
    if (event.kind === 'rcpt') {
      this.#recipients += 1;
      if (this.#recipients > limits.recipients) {
        throw new LimitError('recipients', `a message has more than ${limits.recipients} recipients`);
      }
    } else if (event.kind === 'header') {
      this.#headers += 1;
      this.#headerBytes += event.rawName.length + event.rawValue.length;
      if (this.#headers > limits.headers) {
        throw new LimitError('headers', `a message has more than ${limits.headers} header fields`);
      }
      if (this.#headerBytes > limits.headerBytes) {
        throw new LimitError('headerBytes', `a message's header has more than ${limits.headerBytes} bytes`);
      }
    }
  }
}
