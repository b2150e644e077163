import { isIPv4, isIPv6 } from 'node:net';
import {
  BodyEvent,
  ConnectEvent,
  DataEvent,
  EndOfHeadersEvent,
  EndOfMessageEvent,
  HeaderEvent,
  HeloEvent,
  MailEvent,
  RcptEvent,
  UnknownEvent,
} from '../events.ts';
import { MilterProtocolError } from '../errors.ts';
import { Command } from './constants.ts';
import { FieldReader } from './field-reader.ts';

/** `O`: what the mail server speaks and would let us do. */
export interface Offer {
  readonly kind: 'offer';
  readonly version: number;
  readonly actions: number;
  readonly protocol: number;
}

/** `D`: macros for the command whose octet is `stage`; parsed when somebody asks for one. */
export interface MacroList {
  readonly kind: 'macros';
  readonly stage: number;
  readonly list: Buffer;
}

export type MtaEvent =
  | ConnectEvent
  | HeloEvent
  | MailEvent
  | RcptEvent
  | DataEvent
  | UnknownEvent
  | HeaderEvent
  | EndOfHeadersEvent
  | BodyEvent
  | EndOfMessageEvent;

type Control =
  | Offer
  | MacroList
  | { readonly kind: 'abort' }
  | { readonly kind: 'quit' }
  | { readonly kind: 'quitNewConnection' };

export type MtaCommand = Control | MtaEvent;

const controlKinds: ReadonlySet<string> = new Set<Control['kind']>([
  'offer',
  'macros',
  'abort',
  'quit',
  'quitNewConnection',
]);

/** Whether a command is something that a filter may have a handler for. */
export function isEvent(command: MtaCommand): command is MtaEvent {
  return !controlKinds.has(command.kind);
}

const abort = { kind: 'abort' } as const;
const quit = { kind: 'quit' } as const;
const quitNewConnection = { kind: 'quitNewConnection' } as const;

/**
 * Reads one frame as a command. Octets behind a command's last field are ignored, as libmilter does.
 *
 * @throws MilterProtocolError `unknown-command`, `field-missing`, `field-unterminated`, `unknown-family`, `bad-address`.
 */
export function decodeCommand(frame: Buffer): MtaCommand {
  const fields = new FieldReader(frame);
  const code = frame.readUInt8(0);
  switch (code) {
    case Command.optionNegotiation:
      return {
        kind: 'offer',
        version: fields.uint32('version'),
        actions: fields.uint32('actions'),
        protocol: fields.uint32('protocol'),
      };
    case Command.macro:
      // libmilter drops a list without a stage; nothing asks for the macros of stage 0.
      return { kind: 'macros', stage: fields.isAtEnd ? 0 : fields.uint8('stage'), list: fields.rest() };
    case Command.connect:
      return readConnect(fields);
    case Command.helo:
      return new HeloEvent(fields.string('HELO name'));
    case Command.mail:
      return new MailEvent(fields.string('sender'), readParameters(fields));
    case Command.rcpt:
      return new RcptEvent(fields.string('recipient'), readParameters(fields));
    case Command.data:
      return new DataEvent();
    case Command.header:
      return new HeaderEvent(fields.string('header name'), fields.string('header value'));
    case Command.endOfHeaders:
      return new EndOfHeadersEvent();
    case Command.body:
      return new BodyEvent(fields.rest());
    case Command.endOfMessage:
      return new EndOfMessageEvent(fields.rest());
    case Command.unknown:
      return new UnknownEvent(fields.string('command line'));
    case Command.abort:
      return abort;
    case Command.quit:
      return quit;
    case Command.quitNewConnection:
      return quitNewConnection;
    default:
      throw new MilterProtocolError('unknown-command', `command 0x${code.toString(16).padStart(2, '0')} is not known`);
  }
}

function readParameters(fields: FieldReader): Buffer[] {
  const parameters: Buffer[] = [];
  while (!fields.isAtEnd) parameters.push(fields.string('ESMTP parameter'));
  return parameters;
}

function readConnect(fields: FieldReader): ConnectEvent {
  const hostname = fields.string('hostname');
  const family = String.fromCharCode(fields.uint8('address family'));
  if (family === 'U') return new ConnectEvent(hostname, { family: 'unknown' });
  const port = fields.uint16('port');
  const address = fields.string('address').toString();
  switch (family) {
    case 'L':
      return new ConnectEvent(hostname, { family: 'unix', path: address });
    case '4':
      if (!isIPv4(address)) break;
      return new ConnectEvent(hostname, { family: 'ipv4', address, port });
    case '6': {
      // Sendmail writes the address as in a domain literal; Postfix does not. sendmail/daemon.c anynet_ntoa()
      const bare = address.replace(/^IPv6:/i, '');
      if (!isIPv6(bare)) break;
      return new ConnectEvent(hostname, { family: 'ipv6', address: bare, port });
    }
    default:
      throw new MilterProtocolError('unknown-family', `address family ${JSON.stringify(family)} is not known`);
  }
  throw new MilterProtocolError('bad-address', `family ${family} came with something that is no such address`);
}
