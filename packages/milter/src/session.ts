import { Answers } from './answers.ts';
import { after, type Eventual } from './eventual.ts';
import type { Clock } from './clock.ts';
import { type Action, EditQueue } from './edits.ts';
import { answerEndOfMessage } from './end-of-message.ts';
import { MilterProtocolError } from './errors.ts';
import { Exchange, type Outcome } from './exchange.ts';
import {
  callConnectionHandler,
  callMessageHandler,
  type ConnectionEvent,
  isConnectionEvent,
  type MessageEvent,
} from './call.ts';
import type { ConnectionContext } from './handlers.ts';
import { MacroStore } from './macros.ts';
import { Message, messageOrder, type MessageStage } from './message.ts';
import { type Agreement, negotiate } from './negotiation.ts';
import type { SessionOutput } from './output.ts';
import type { Program } from './program.ts';
import { AbortSource, ConnectionScope, makeState } from './scopes.ts';
import { type MessageVerdict, skip, tempfail, type Verdict } from './verdicts.ts';
import { decodeCommand, isEvent, type MtaEvent, type Offer } from './wire/commands.ts';
import { ProtocolFlag } from './wire/constants.ts';

export interface SessionOptions<A extends Action, C, M> {
  readonly program: Program<A, C, M>;
  readonly id: number;
  readonly transport: 'unix' | 'tcp';
  readonly output: SessionOutput;
  readonly clock: Clock;
}

/**
 * One mail server's connection: commands in, answers out, no I/O.
 *
 * It is as lenient as libmilter (engine.c `next_states`): stages that were not asked for are missing, ABORT comes at
 * any point and doubled, a message may begin without the one before having been ended, events go on after a verdict.
 */
export class MilterSession<A extends Action, C, M> {
  readonly #program: Program<A, C, M>;
  readonly #id: number;
  readonly #transport: 'unix' | 'tcp';
  readonly #output: SessionOutput;
  readonly #clock: Clock;
  readonly #macros: MacroStore;
  readonly #answers: Answers;
  readonly #exchange: Exchange;
  #connection: ConnectionContext<C> | undefined;
  #connectionAbort = new AbortSource();
  #connectVerdict: MessageVerdict | undefined;
  #heloVerdict: MessageVerdict | undefined;
  #message: Message<A, C, M> | undefined;
  #messages = 0;
  #isDraining = false;

  constructor({ program, id, transport, output, clock }: SessionOptions<A, C, M>) {
    this.#program = program;
    this.#id = id;
    this.#transport = transport;
    this.#output = output;
    this.#clock = clock;
    this.#macros = new MacroStore(program.limits.macros);
    this.#answers = new Answers({ connection: id, output, clock, onEvent: program.onEvent, macros: this.#macros });
    this.#exchange = new Exchange({ ...program, connection: id, clock });
  }

  /** What was negotiated; nothing before. */
  get agreement(): Agreement | undefined {
    return this.#answers.agreement;
  }

  /** How many messages this connection has brought. */
  get messages(): number {
    return this.#messages;
  }

  /** Whether a message is under way that has no verdict yet. */
  get hasOpenMessage(): boolean {
    return this.#message !== undefined && !this.#message.isDecided;
  }

  /**
   * Takes one frame; the next may be given when the promise, if there is one, has resolved.
   *
   * @returns `quit` when the mail server is done with this connection.
   * @throws MilterProtocolError, after which the session is of no use; call `end`.
   */
  receive(frame: Buffer): Promise<void> | void | 'quit' {
    const command = decodeCommand(frame);
    if (this.agreement === undefined) {
      if (command.kind === 'offer') return this.#negotiate(command);
      throw new MilterProtocolError('not-negotiated', `a ${command.kind} came before the offer`);
    }
    if (isEvent(command)) return this.#event(command);
    switch (command.kind) {
      case 'offer':
        throw new MilterProtocolError('negotiated-twice', 'a second offer came');
      case 'macros':
        return this.#macros.set(command.stage, command.list);
      case 'abort':
        this.#endMessage();
        return this.#macros.clearMessage();
      case 'quit':
        return 'quit';
      case 'quitNewConnection':
        this.#endConnection();
        return this.#beginConnection();
    }
  }

  /** The peer has given up what it waits for: ABORT, QUIT or the end of the stream is next. Stops the handler at work. */
  interrupt(what: 'message' | 'connection'): void {
    if (what === 'connection') this.#connectionAbort.abort();
    else if (this.#message === undefined) return;
    this.#message?.giveUp();
    this.#exchange.interrupt();
  }

  /** From now on every event is answered with a temporary failure, also the one whose handler is at work. */
  drain(): void {
    this.#isDraining = true;
    if (this.hasOpenMessage) this.#message?.abort();
    this.#exchange.interrupt();
  }

  /** The connection is over. May be called more than once. */
  end(): void {
    if (this.#connection !== undefined) this.#endConnection();
    this.#exchange.interrupt();
  }

  #negotiate(offer: Offer): void {
    const agreement = negotiate(offer, this.#program.wants, this.#transport);
    this.#answers.begin(agreement);
    const { version, actions, protocol } = agreement;
    this.#answers.report({ kind: 'connection.negotiated', connection: this.#id, version, actions, protocol });
    this.#beginConnection();
  }

  #beginConnection(): void {
    const { state, failure } = makeState(this.#program.makeConnection);
    this.#connectionAbort = new AbortSource();
    const macro = (name: string): string | undefined => this.#macros.get(name);
    this.#connection = new ConnectionScope(this.#id, state, macro, this.#connectionAbort);
    this.#connectVerdict = failure && asMessageVerdict(this.#exchange.fail('connection', failure.error).verdict);
    this.#heloVerdict = undefined;
  }

  #endConnection(): void {
    this.#endMessage();
    this.#macros.clear();
    this.#connectionAbort.abort();
    const context = this.#connection;
    this.#connection = undefined;
    if (context !== undefined) this.#notify('close', () => this.#program.on.close?.(context));
  }

  #beginMessage(connection: ConnectionContext<C>): Message<A, C, M> {
    const { state, failure } = makeState(() => this.#program.makeMessage(connection.connection));
    const { actions, leadingSpace } = this.#program.wants;
    const message = new Message(
      connection,
      state,
      new EditQueue(actions, leadingSpace && !this.#answers.agreed(ProtocolFlag.leadingSpace)),
      this.#program.on.body,
    );
    if (failure) message.verdict = asMessageVerdict(this.#exchange.fail('message', failure.error).verdict);
    this.#messages += 1;
    return message;
  }

  /** Forgets the message. ABORT follows every message with Postfix: only one without a verdict was aborted. */
  #endMessage(): void {
    const message = this.#message;
    this.#message = undefined;
    if (message === undefined) return;
    message.edits.close();
    if (message.isDecided) return;
    message.abort();
    this.#answers.report({ kind: 'message.aborted', connection: this.#id });
    this.#notify('abort', () => this.#program.on.abort?.(message.context));
  }

  #event(event: MtaEvent): Eventual<void> {
    const connection = this.#connection;
    if (connection === undefined) return;
    return isConnectionEvent(event) ? this.#connectionEvent(event, connection) : this.#messageEvent(event, connection);
  }

  #connectionEvent(event: ConnectionEvent, connection: ConnectionContext<C>): Eventual<void> {
    const stage = event.kind;
    if (stage === 'helo') this.#heloVerdict = undefined; // each HELO is judged anew
    const given = this.#isDraining ? tempfail : (this.#connectVerdict ?? this.#heloVerdict);
    if (given !== undefined) return this.#answers.send(stage, given, undefined);
    const startedAt = this.#clock.now();
    const outcome = this.#exchange.run(
      stage,
      () => callConnectionHandler(this.#program.on, event, connection),
      this.#answers.keepAlive(stage),
    );
    return after(outcome, (ended) => {
      if (ended.kind === 'interrupted')
        return this.#isDraining ? this.#answers.send(stage, tempfail, undefined) : undefined;
      const verdict = asMessageVerdict(ended.verdict);
      if (stage === 'connect') this.#connectVerdict = verdict;
      if (stage === 'helo') this.#heloVerdict = verdict;
      return this.#answers.send(
        stage,
        stage === 'unknown' && verdict?.kind === 'accept' ? undefined : verdict,
        startedAt,
      );
    });
  }

  #messageEvent(event: MessageEvent, connection: ConnectionContext<C>): Eventual<void> {
    const stage = event.kind;
    const message = this.#messageFor(stage, connection);
    if (message.isGivenUp) return;
    const given = this.#isDraining ? tempfail : (this.#connectVerdict ?? this.#heloVerdict ?? message.verdict);
    if (given !== undefined) return this.#decide(stage, message, given);
    const startedAt = this.#clock.now();
    const outcome = this.#exchange.run(
      stage,
      () => {
        message.count(event, this.#program.limits);
        return callMessageHandler(this.#program.on, event, message);
      },
      this.#answers.keepAlive(stage),
    );
    return after(outcome, (ended) => this.#conclude(stage, message, ended, startedAt));
  }

  /** A message begins with MAIL, or with whatever comes first when MAIL is not asked for. */
  #messageFor(stage: MessageStage, connection: ConnectionContext<C>): Message<A, C, M> {
    const order = messageOrder[stage];
    const current = this.#message;
    const begins =
      current === undefined || stage === 'mail' || order < current.order || current.order === messageOrder.endOfMessage;
    if (!begins) {
      current.order = order;
      return current;
    }
    this.#endMessage();
    const message = this.#beginMessage(connection);
    message.order = order;
    this.#message = message;
    return message;
  }

  #conclude(stage: MessageStage, message: Message<A, C, M>, outcome: Outcome, startedAt: number): Eventual<void> {
    if (outcome.kind === 'interrupted') {
      return this.#isDraining && !message.isGivenUp ? this.#decide(stage, message, tempfail) : undefined;
    }
    if (outcome.kind === 'failed') {
      if (outcome.isTimeout) message.abort();
      // At RCPT a failure costs that recipient; where nobody waits for an answer it is kept for the next stage.
      if (outcome.isTimeout || stage !== 'rcpt' || !this.#answers.areExpectedAt(stage)) {
        message.verdict = asMessageVerdict(outcome.verdict);
      }
    }
    return this.#decide(stage, message, outcome.verdict, startedAt);
  }

  #decide(
    stage: MessageStage,
    message: Message<A, C, M>,
    answer: Verdict | undefined,
    startedAt?: number,
  ): Eventual<void> {
    const verdict = asMessageVerdict(answer);
    if (stage === 'endOfMessage') {
      const ends = { exchange: this.#exchange, answers: this.#answers, output: this.#output };
      return answerEndOfMessage(message, { verdict, startedAt, ...ends });
    }
    if (answer?.kind === 'skip') {
      message.wantsNoMoreBody = true;
      return this.#answers.send(stage, this.#answers.agreed(ProtocolFlag.skip) ? skip : undefined, startedAt);
    }
    const concernsMessage = stage !== 'rcpt' || verdict?.kind === 'accept' || verdict?.kind === 'discard';
    if (verdict !== undefined && concernsMessage && this.#answers.areExpectedAt(stage)) {
      message.verdict = verdict;
      message.isDecided = true;
    }
    return this.#answers.send(stage, verdict, startedAt);
  }

  #notify(stage: 'abort' | 'close', notify: () => void): void {
    try {
      notify();
    } catch (error) {
      this.#answers.report({ kind: 'handler.failed', connection: this.#id, stage, error });
    }
  }
}

/** A skip is not a verdict on a message. */
function asMessageVerdict(verdict: Verdict | undefined): MessageVerdict | undefined {
  return verdict?.kind === 'skip' ? undefined : verdict;
}
