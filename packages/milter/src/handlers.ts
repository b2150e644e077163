import type { Action, Editor } from './edits.ts';
import type {
  ConnectEvent,
  DataEvent,
  EndOfHeadersEvent,
  EndOfMessageEvent,
  HeaderEvent,
  HeloEvent,
  MailEvent,
  RcptEvent,
  UnknownEvent,
} from './events.ts';
import type { Eventual } from './eventual.ts';
import type { BodyVerdict, CommandVerdict, ConnectionVerdict, MessageVerdict } from './verdicts.ts';

/** What handlers know besides their event. */
export interface ConnectionContext<C> {
  /** Names this connection in events. */
  readonly id: number;
  /** What `connection()` made for this SMTP connection. */
  readonly connection: C;
  /** The newest value of a macro, its name with or without braces: `macro('auth_authen')`. */
  readonly macro: (name: string) => string | undefined;
  /** Aborted when the SMTP connection is over. */
  readonly signal: AbortSignal;
}

export interface MessageContext<C, M> extends ConnectionContext<C> {
  /** What `message()` made for this message. */
  readonly message: M;
  /** Aborted when this message is: the client gave up, the mail server closed, the handler took too long. */
  readonly signal: AbortSignal;
}

export interface EndOfMessageContext<A extends Action, C, M> extends MessageContext<C, M> {
  /** Changes the message, in the declared ways; sent together with a verdict that lets the message pass. */
  readonly edit: Editor<A>;
}

// `void`: a handler that returns nothing continues.
type Answer<V> = Eventual<V | undefined | void>;

/** Gets an event, which the mail server waits for; returns a verdict, or nothing to continue. */
export type AnsweringHandler<E, X, V> = (event: E, context: X) => Answer<V>;

/**
 * Gets an event that the mail server does not wait for: it is told so, and sends the next one at once.
 * A promise holds up the events that follow, which is back-pressure; there is no verdict, since nobody would read it.
 */
export interface Observer<E, X> {
  readonly observe: (event: E, context: X) => Eventual<void>;
}

export type Handler<E, X, V> = AnsweringHandler<E, X, V> | Observer<E, X>;

/** Wants the first bytes of the body only; called once, when they are there or the body ends before. */
export interface BodyPrefix<C, M> {
  readonly mode: 'prefix';
  readonly bytes: number;
  /** Nothing returned: the rest of the body is skipped. */
  readonly handler: AnsweringHandler<Uint8Array, MessageContext<C, M>, MessageVerdict>;
}

/**
 * Reads the body at its own pace: pieces that it has not asked for stay with the mail server.
 * Returning early leaves the rest unread. An aborted message makes the iteration throw.
 */
export interface BodyStream<C, M> {
  readonly mode: 'stream';
  readonly handler: (chunks: AsyncIterable<Uint8Array>, context: MessageContext<C, M>) => Eventual<void>;
}

/** Wants the whole body at once, up to a limit; called at the end of the message, before `endOfMessage`. */
export interface WholeBody<C, M> {
  readonly mode: 'whole';
  readonly maxBytes: number;
  /** The answer to a message with a longer body. */
  readonly overflow: MessageVerdict;
  /** A verdict here is the message's, and `endOfMessage` is not called. */
  readonly handler: AnsweringHandler<Uint8Array, MessageContext<C, M>, MessageVerdict>;
}

/** How to get the body: piece by piece, as a prefix, as a stream, or whole. The pieces' borders mean nothing. */
export type BodyHandler<C, M> =
  | Handler<Uint8Array, MessageContext<C, M>, BodyVerdict>
  | BodyPrefix<C, M>
  | BodyStream<C, M>
  | WholeBody<C, M>;

/**
 * What a filter does at each stage. What is not there is not asked for: the mail server then does not even send it.
 * Handlers of one connection run one after another.
 */
export interface Handlers<A extends Action, C, M> {
  readonly connect?: Handler<ConnectEvent, ConnectionContext<C>, ConnectionVerdict>;
  readonly helo?: Handler<HeloEvent, ConnectionContext<C>, ConnectionVerdict>;
  readonly mail?: Handler<MailEvent, MessageContext<C, M>, MessageVerdict>;
  readonly rcpt?: Handler<RcptEvent, MessageContext<C, M>, MessageVerdict>;
  readonly data?: Handler<DataEvent, MessageContext<C, M>, MessageVerdict>;
  readonly unknown?: Handler<UnknownEvent, ConnectionContext<C>, CommandVerdict>;
  readonly header?: Handler<HeaderEvent, MessageContext<C, M>, MessageVerdict>;
  readonly endOfHeaders?: Handler<EndOfHeadersEvent, MessageContext<C, M>, MessageVerdict>;
  readonly body?: BodyHandler<C, M>;
  readonly endOfMessage?: AnsweringHandler<EndOfMessageEvent, EndOfMessageContext<A, C, M>, MessageVerdict>;
  /** A message ended without a verdict. Called once for it. */
  readonly abort?: (context: MessageContext<C, M>) => void;
  /** The SMTP connection is over. Called once for each that negotiated. */
  readonly close?: (context: ConnectionContext<C>) => void;
}
