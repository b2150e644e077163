import { type Check, createCheck } from '@postern/encryption-check';
import { accept, createMilter, type Milter, reply, type SmtpReply, tempfail } from '@postern/milter';
import { nothing } from './budget.ts';
import type { CleartextPreferences } from './cleartext-refusals.ts';
import { encryptionEvents, type FilterEventListener } from './filter-events.ts';
import type { Allowance, Limiter } from './limiter.ts';
import { declaredSize, headerSize } from './message-size.ts';
import { decide, type Room, type Verdict } from './policy.ts';
import { roomFor } from './room.ts';

export interface IncomingFilterOptions {
  /** What the operator wants with mail that is not encrypted. */
  readonly refusesCleartext: boolean;
  readonly preferences: CleartextPreferences;
  readonly limiter: Limiter;
  readonly onEvent: FilterEventListener;
}

/** What one connection holds, by recipient; let go when its next message begins, or when it ends. */
interface Connection {
  readonly allowances: Map<string, Allowance>;
}

interface Message {
  readonly check: Check;
  declaredBytes: number;
  bytes: number;
  cleartextRefusedBy: 'nobody' | 'operator' | 'recipient';
}

/** The gate for mail from other servers: not too much of it for anybody, and cleartext only where it is wanted. */
export function createIncomingFilter(options: IncomingFilterOptions): Milter {
  const { refusesCleartext, preferences, limiter, onEvent } = options;
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
    connection: (): Connection => ({ allowances: new Map() }),
    message: (connection): Message => {
      letGo(connection);
      return {
        check: createCheck({ direction: 'incoming' }),
        declaredBytes: 0,
        bytes: 0,
        cleartextRefusedBy: refusesCleartext ? 'operator' : 'nobody',
      };
    },
    on: {
      mail: {
        observe: (event, { message }) => {
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
        },
      },
      endOfHeaders: { observe: (_event, { message }) => message.check.endOfHeaders() },
      body: {
        observe: (chunk, { message }) => {
          message.bytes += chunk.length;
          message.check.body(chunk);
        },
      },
      endOfMessage: async (_event, { connection, message, signal }) => {
        try {
          const { bytes, declaredBytes, cleartextRefusedBy } = message;
          const finding = message.check.end();
          const facts = { situation: 'incoming-message', finding, cleartextRefusedBy } as const;
          const undeclared = bytes - declaredBytes;
          const isRoomKnown = undeclared <= 0 || decide({ ...facts, room: { kind: 'enough' } }).kind !== 'accept';
          const room = isRoomKnown
            ? ({ kind: 'enough' } as const)
            : await leastRoom(connection, { undeclared, onEvent });
          const verdict = decide({ ...facts, room });
          if (verdict.kind !== 'accept') return answer(verdict);
          if (signal.aborted) return tempfail; // nobody reads it
          for (const allowance of connection.allowances.values())
            allowance.commit({ messages: 1, recipients: 0, bytes });
          onEvent({ kind: 'message', door: 'incoming', verdict: 'accept', reason: verdict.reason });
          for (const event of encryptionEvents('incoming', finding)) onEvent(event);
          return accept;
        } finally {
          letGo(connection); // of no effect on what was committed
        }
      },
      abort: ({ connection }) => letGo(connection),
      close: ({ connection }) => letGo(connection),
    },
    onError: 'tempfail',
    onEvent: (event) => onEvent({ kind: 'milter', door: 'incoming', event }),
  });
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
