export { createMilter, type Milter } from './milter.ts';
export type { ErrorPolicy, MilterOptions } from './options.ts';
export { accept, discard, reject, reply, skip, tempfail } from './verdicts.ts';
export type { BodyVerdict, CommandVerdict, ConnectionVerdict, MessageVerdict, SmtpReply, Verdict } from './verdicts.ts';
export type {
  BodyHandler,
  ConnectionContext,
  EndOfMessageContext,
  Handler,
  Handlers,
  MessageContext,
  Observer,
} from './handlers.ts';
export type {
  ConnectEvent,
  DataEvent,
  EndOfHeadersEvent,
  EndOfMessageEvent,
  HeaderEvent,
  HeloEvent,
  MailEvent,
  Peer,
  RcptEvent,
  UnknownEvent,
} from './events.ts';
export type { Action, Editor, Edits, NewBody } from './edits.ts';
export type { MilterEvent, Stranger } from './milter-events.ts';
export type { MacroRequests } from './negotiation.ts';
export type { ListenAddress, MilterServer } from './server.ts';
export type { UnixAddress } from './unix-socket.ts';
export { defaultLimits, type Limits } from './limits.ts';
export { systemdSocket } from './systemd.ts';
export { EditError, HandlerTimeoutError, LimitError, MilterProtocolError } from './errors.ts';
export type { EditErrorCode, ProtocolErrorCode } from './errors.ts';
export type { Stage } from './stages.ts';
export { filter, type FilterContext, type FilterOptions, type Judge, type Mail, type WantedBody } from './filter.ts';
