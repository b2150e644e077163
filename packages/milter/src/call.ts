import type { BodySink } from './body.ts';
import { after, type Eventual } from './eventual.ts';
import type { Action, EditQueue } from './edits.ts';
import { type BodyEvent, type ConnectEvent, EndOfMessageEvent, type HeloEvent, type UnknownEvent } from './events.ts';
import type { ConnectionContext, EndOfMessageContext, Handler, Handlers } from './handlers.ts';
import { checkObserved } from './observed.ts';
import { skip, type Verdict } from './verdicts.ts';
import type { MtaEvent } from './wire/commands.ts';

type Answer = Verdict | undefined | void;

export type ConnectionEvent = ConnectEvent | HeloEvent | UnknownEvent;
export type MessageEvent = Exclude<MtaEvent, ConnectionEvent>;

export function isConnectionEvent(event: MtaEvent): event is ConnectionEvent {
  return event.kind === 'connect' || event.kind === 'helo' || event.kind === 'unknown';
}

/** What of a message its handlers are called with. */
interface Callee<A extends Action, C, M> {
  readonly context: EndOfMessageContext<A, C, M>;
  readonly edits: EditQueue;
  readonly body: BodySink | undefined;
  readonly wantsNoMoreBody: boolean;
}

export function callConnectionHandler<A extends Action, C, M>(
  on: Handlers<A, C, M>,
  event: ConnectionEvent,
  context: ConnectionContext<C>,
): Eventual<Answer> {
  switch (event.kind) {
    case 'connect':
      return call(on.connect, event, context);
    case 'helo':
      return call(on.helo, event, context);
    case 'unknown':
      return call(on.unknown, event, context);
  }
}

export function callMessageHandler<A extends Action, C, M>(
  on: Handlers<A, C, M>,
  event: MessageEvent,
  message: Callee<A, C, M>,
): Eventual<Answer> {
  const { context } = message;
  switch (event.kind) {
    case 'mail':
      return call(on.mail, event, context);
    case 'rcpt':
      return call(on.rcpt, event, context);
    case 'data':
      return call(on.data, event, context);
    case 'header':
      return call(on.header, event, context);
    case 'endOfHeaders':
      return call(on.endOfHeaders, event, context);
    case 'body':
      return callBody(event, message);
    case 'endOfMessage': {
      const lastChunk = EndOfMessageEvent.lastChunk(event);
      const bodyAnswer = after(lastChunk.length === 0 ? undefined : message.body?.chunk(lastChunk), (verdict) =>
        verdict === undefined || verdict.kind === 'skip' ? message.body?.end() : verdict,
      );
      return after(bodyAnswer, (verdict) => {
        if (verdict !== undefined) return verdict;
        message.edits.open();
        return call(on.endOfMessage, event, context);
      });
    }
  }
}

function callBody<A extends Action, C, M>(event: BodyEvent, message: Callee<A, C, M>): Eventual<Answer> {
  return message.wantsNoMoreBody ? skip : message.body?.chunk(event.chunk);
}

function call<E, X>(handler: Handler<E, X, Verdict> | undefined, event: E, context: X): Eventual<Answer> {
  if (handler === undefined) return undefined;
  return typeof handler === 'function'
    ? handler(event, context)
    : after(handler.observe(event, context), checkObserved);
}
