import { type Check, createCheck } from '@postern/encryption-check';
import { accept, createMilter, type Milter, reply, type SmtpReply, tempfail } from '@postern/milter';
import { canonicalAddress, literalAddress } from './address-literal.ts';
import { incomingAuthor } from './address-fields.ts';
import { nothing } from './budget.ts';
import type { CleartextPreferences } from './cleartext-refusals.ts';
import type { KeyLookup } from './dkim/key-lookup.ts';
import { SignatureCheck } from './dkim/signature-check.ts';
import { encryptionEvents, type FilterEventListener } from './filter-events.ts';
import type { Allowance, Limiter } from './limiter.ts';
import { noMacros } from './macros.ts';
import { declaredSize, headerSize } from './message-size.ts';
import { decide, mayReport, type Origin, type Room, type Verdict } from './policy.ts';
import { roomFor } from './room.ts';

export interface IncomingFilterOptions {
  /** What the operator wants with mail that is not encrypted. */
  readonly refusesCleartext: boolean;
  readonly preferences: CleartextPreferences;
  /** The keys that mail has to be signed with; undefined when it need not be signed. */
  readonly keys: KeyLookup | undefined;
  readonly limiter: Limiter;
  readonly onEvent: FilterEventListener;
}

/** What one connection holds, by recipient; let go when its next message begins, or when it ends. */
interface Connection {
  readonly allowances: Map<string, Allowance>;
  /** Where the client is, if it has an address. */
  client?: string;
}

interface Message {
  readonly check: Check;
  readonly signatures: SignatureCheck | undefined;
  readonly authors: string[];
  sender: string;
  declaredBytes: number;
  bytes: number;
  cleartextRefusedBy: 'nobody' | 'operator' | 'recipient';
}

/** The gate for mail from other servers: not too much of it for anybody, and cleartext only where it is wanted. */
export function createIncomingFilter(options: IncomingFilterOptions): Milter {
  const { refusesCleartext, preferences, keys, limiter, onEvent } = options;
  const answer = (verdict: Verdict): SmtpReply | undefined => {
    if (verdict.kind === 'accept') return undefined;
    onEvent({ kind: 'message', door: 'incoming', verdict: verdict.kind, reason: verdict.reason });
    return reply(verdict.code, undefined, verdict.text);
  };
  const settingOf = async (recipient: string): Promise<boolean | undefined> => {
    try {
      return await preferences.refuses(recipient);
    } catch {
      onEvent({ kind: 'preferences.unavailable' });
      return undefined;
    }
  };
  return createMilter({
    name: 'incoming',
    actions: ['changeSender'],
    macros: noMacros,
    leadingSpace: true, // a signature may cover it
    connection: (): Connection => ({ allowances: new Map() }),
    message: (connection): Message => {
      letGo(connection);
      return {
        check: createCheck({ direction: 'incoming' }),
        signatures: keys === undefined ? undefined : new SignatureCheck(keys),
        authors: [],
        sender: '',
        declaredBytes: 0,
        bytes: 0,
        cleartextRefusedBy: refusesCleartext ? 'operator' : 'nobody',
      };
    },
    on: {
      connect: {
        observe: ({ peer }, { connection }) => {
          // What comes over HTTPS comes from this machine, whoever it is from.
          if ('address' in peer && peer.address !== '127.0.0.1') connection.client = canonicalAddress(peer.address);
        },
      },
      mail: {
        observe: (event, { message }) => {
          message.sender = event.from;
          message.declaredBytes = declaredSize(event.parameters);
        },
      },
      rcpt: async (event, { connection, message }) => {
        const recipient = event.to.toLowerCase();
        if (connection.allowances.has(recipient)) return undefined; // named twice
        const situation = 'incoming-recipient';
        const refuses = await settingOf(recipient);
        if (refuses === undefined) return answer(decide({ situation, recipient, room: { kind: 'unknown' } }));
        const allowance = limiter.open(`to ${recipient}`);
        connection.allowances.set(recipient, allowance);
        const room = await roomFor(allowance, { messages: 1, recipients: 0, bytes: message.declaredBytes }, onEvent);
        const refusal = answer(decide({ situation, recipient, room }));
        if (refusal !== undefined) connection.allowances.delete(recipient);
        else if (refuses && !refusesCleartext) message.cleartextRefusedBy = 'recipient';
        return refusal;
      },
      header: {
        observe: (event, { message }) => {
          message.bytes += headerSize(event);
          message.check.header(event.rawName, event.rawValue);
          message.signatures?.header(event.name, event.rawValue);
          if (event.name.toLowerCase() === 'from') message.authors.push(event.value);
        },
      },
      endOfHeaders: {
        observe: (_event, { message }) => {
          message.check.endOfHeaders();
          message.signatures?.endOfHeaders(domainOf(incomingAuthor(message.authors)));
        },
      },
      body: {
        observe: (chunk, { message }) => {
          message.bytes += chunk.length;
          message.check.body(chunk);
          message.signatures?.body(chunk);
        },
      },
      endOfMessage: async (_event, { connection, message, edit, signal }) => {
        try {
          const { bytes, declaredBytes, cleartextRefusedBy, sender } = message;
          const finding = message.check.end();
          const facts = { situation: 'incoming-message', finding, cleartextRefusedBy, origin: notAsked } as const;
          const undeclared = bytes - declaredBytes;
          const isRoomKnown = undeclared <= 0 || decide({ ...facts, room: { kind: 'enough' } }).kind !== 'accept';
          const room = isRoomKnown
            ? ({ kind: 'enough' } as const)
            : await leastRoom(connection, { undeclared, onEvent });
          const cheap = decide({ ...facts, room });
          if (cheap.kind !== 'accept') return answer(cheap);
          const author = incomingAuthor(message.authors);
          const origin = await originOf(author, message.signatures, connection.client);
          const verdict = decide({ ...facts, room, origin });
          if (verdict.kind !== 'accept') return answer(verdict);
          if (signal.aborted) return tempfail; // nobody reads it
          for (const allowance of connection.allowances.values())
            allowance.commit({ messages: 1, recipients: 0, bytes });
          if (!mayReport({ author, sender, origin })) edit.changeSender('');
          onEvent({ kind: 'message', door: 'incoming', verdict: 'accept', reason: verdict.reason });
          for (const event of encryptionEvents('incoming', finding)) onEvent(event);
          return accept;
        } finally {
          message.signatures?.abandon();
          letGo(connection); // of no effect on what was committed
        }
      },
      abort: ({ connection, message }) => {
        message.signatures?.abandon();
        letGo(connection);
      },
      close: ({ connection }) => letGo(connection),
    },
    onError: 'tempfail',
    onEvent: (event) => onEvent({ kind: 'milter', door: 'incoming', event }),
  });
}

const notAsked: Origin = { kind: 'not-asked' };

async function originOf(
  author: string | undefined,
  signatures: SignatureCheck | undefined,
  client: string | undefined,
): Promise<Origin> {
  if (signatures === undefined) return notAsked;
  const literal = literalAddress(domainOf(author) ?? '');
  if (literal !== undefined) return { kind: 'address-literal', isClient: literal === client };
  return { kind: 'signed-domain', finding: await signatures.end() };
}

function domainOf(address: string | undefined): string | undefined {
  return address?.slice(address.lastIndexOf('@') + 1);
}

async function leastRoom(
  { allowances }: Connection,
  { undeclared, onEvent }: { undeclared: number; onEvent: FilterEventListener },
): Promise<Room> {
  for (const allowance of allowances.values()) {
    const room = await roomFor(allowance, { ...nothing, bytes: undeclared }, onEvent);
    if (room.kind !== 'enough') return room;
  }
  return { kind: 'enough' };
}

function letGo({ allowances }: Connection): void {
  for (const allowance of allowances.values()) allowance.refund();
  allowances.clear();
}
