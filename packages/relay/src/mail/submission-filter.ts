import { type Check, createCheck } from '@postern/encryption-check';
import { accept, createMilter, type Milter, reply, type SmtpReply, tempfail } from '@postern/milter';
import { type Demand, nothing } from './budget.ts';
import { addSignatures, leaves, MessageSigner, type Signing } from './dkim/signer.ts';
import { encryptionEvents, type FilterEventListener } from './filter-events.ts';
import { readAuthor } from './from-header.ts';
import { HeaderPrivacy } from './header-privacy.ts';
import type { Allowance, Limiter } from './limiter.ts';
import { noMacros } from './macros.ts';
import { declaredSize, headerSize, usualBytes } from './message-size.ts';
import { decide, type Room, type Verdict } from './policy.ts';
import { roomFor } from './room.ts';
import type { SenderStandings, Standing } from './sender-standing.ts';

/** A message that takes longer than this has its sender looked at again when it is complete. */
const standingLastsMs = 1_000;

export interface SubmissionFilterOptions {
  readonly limiter: Limiter;
  readonly standings: SenderStandings;
  /** Milliseconds that never go back. */
  readonly now: () => number;
  /** The names, in lower case, of the header fields that may leave. */
  readonly allowedHeaders: ReadonlySet<string>;
  /** For mail that leaves this relay; undefined where none can be signed. */
  readonly signing: Signing | undefined;
  readonly onEvent: FilterEventListener;
}

/** A connection has one message at a time. What it holds is let go when the next one begins, or the connection ends. */
interface Connection {
  allowance: Allowance | undefined;
}

interface Message {
  readonly check: Check;
  readonly authors: string[];
  readonly privacy: HeaderPrivacy;
  /** Undefined while all recipients are of this relay: nobody asks for a signature then. */
  signer: MessageSigner | undefined;
  sender: string;
  login: string | undefined;
  reservedBytes: number;
  bytes: number;
  recipients: number;
  /** How the sender stands, and when that was asked. */
  standing: Standing;
  askedAt: number;
  allowance: Allowance | undefined;
  /** The answer to its first recipient, when that was no: the others get it too, without being counted or held again. */
  refusal: SmtpReply | undefined;
}

/**
 * The gate for authenticated users: asks at each recipient who sends and how much already, and at the end of the message
 * what, and lets only end-to-end encrypted mail in the sender's own name pass.
 */
export function createSubmissionFilter(options: SubmissionFilterOptions): Milter {
  const { limiter, standings, now, allowedHeaders, signing, onEvent } = options;
  const answer = (verdict: Verdict): SmtpReply | undefined => {
    if (verdict.kind === 'accept') return undefined;
    onEvent({ kind: 'message', door: 'submission', verdict: verdict.kind, reason: verdict.reason });
    return reply(verdict.code, undefined, verdict.text);
  };
  const askStanding = async (message: Message): Promise<Standing> => {
    message.askedAt = now();
    try {
      message.standing = await standings.standing(message.sender);
    } catch {
      onEvent({ kind: 'standing.unavailable' });
      message.standing = { kind: 'unknown' };
    }
    return message.standing;
  };
  return createMilter({
    name: 'submission',
    actions: ['changeHeader', 'addHeader'],
    macros: { ...noMacros, mail: ['{auth_authen}'] },
    connection: (): Connection => ({ allowance: undefined }),
    message: (connection): Message => {
      letGo(connection);
      return {
        check: createCheck({ direction: 'outgoing' }),
        authors: [],
        privacy: new HeaderPrivacy(allowedHeaders),
        signer: undefined,
        sender: '',
        login: undefined,
        reservedBytes: 0,
        bytes: 0,
        recipients: 0,
        standing: { kind: 'unknown' },
        askedAt: -Infinity,
        allowance: undefined,
        refusal: undefined,
      };
    },
    on: {
      mail: {
        observe: (event, { message, macro }) => {
          message.sender = event.from.toLowerCase();
          message.login = macro('auth_authen')?.toLowerCase();
          message.reservedBytes = declaredSize(event.parameters);
        },
      },
      rcpt: async (event, { connection, message }) => {
        if (message.refusal !== undefined) return message.refusal;
        const { sender, login } = message;
        const facts = { situation: 'submission-recipient', sender, login } as const;
        const named = decide({ ...facts, standing: { kind: 'good' }, room: { kind: 'enough' } });
        if (named.kind !== 'accept') return (message.refusal = answer(named));
        const isFirst = message.allowance === undefined;
        const asked = isFirst ? askStanding(message) : message.standing;
        const allowance = (message.allowance ??= limiter.open(`from ${sender}`));
        connection.allowance = allowance;
        const room = isFirst
          ? await roomForFirst(allowance, message, onEvent)
          : await roomFor(allowance, { ...nothing, recipients: 1 }, onEvent);
        const refusal = answer(decide({ ...facts, standing: await asked, room }));
        if (refusal !== undefined) message.refusal = refusal;
        else {
          message.recipients += 1;
          if (signing !== undefined && leaves(event.to, signing)) message.signer ??= new MessageSigner(signing);
        }
        return refusal;
      },
      header: {
        observe: (event, { message }) => {
          const { name, value, rawName, rawValue } = event; // name and value are decoded anew each time
          message.bytes += headerSize(event);
          message.check.header(rawName, rawValue);
          const leaving = message.privacy.header(name, value);
          if (leaving !== undefined) message.signer?.header(name, leaving === value ? rawValue : leaving);
          if (name.toLowerCase() === 'from') message.authors.push(value);
        },
      },
      endOfHeaders: { observe: (_event, { message }) => message.check.endOfHeaders() },
      body: {
        observe: (chunk, { message }) => {
          message.bytes += chunk.length;
          message.check.body(chunk);
          message.signer?.body(chunk);
        },
      },
      endOfMessage: async (_event, { message, edit, signal }) => {
        const { check, authors, sender, privacy, signer, allowance, recipients, bytes } = message;
        // A message that no recipient was asked about cannot be: nobody vouched for its sender.
        if (allowance === undefined || recipients === 0) return tempfail;
        try {
          const finding = check.end();
          const standing = now() - message.askedAt > standingLastsMs ? await askStanding(message) : message.standing;
          const author = readAuthor(authors);
          const facts = { situation: 'submission-message', sender, standing, author, finding } as const;
          const unreserved = bytes - message.reservedBytes;
          const isRoomKnown = unreserved <= 0 || decide({ ...facts, room: { kind: 'enough' } }).kind !== 'accept';
          const room = isRoomKnown
            ? ({ kind: 'enough' } as const)
            : await roomFor(allowance, { ...nothing, bytes: unreserved }, onEvent);
          const verdict = decide({ ...facts, room });
          if (verdict.kind !== 'accept') return answer(verdict);
          if (signal.aborted) return tempfail;
          privacy.apply(edit);
          addSignatures(signer, edit);
          allowance.commit({ messages: 1, recipients, bytes });
          onEvent({ kind: 'message', door: 'submission', verdict: 'accept', reason: verdict.reason });
          for (const event of encryptionEvents('submission', finding)) onEvent(event);
          return accept;
        } finally {
          allowance.refund(); // of no effect once it was committed
        }
      },
      abort: ({ connection }) => letGo(connection),
      // Not every message that ends without an acceptance is told as aborted: one that passed a limit has a verdict.
      close: ({ connection }) => letGo(connection),
    },
    onError: 'tempfail',
    onEvent: (event) => onEvent({ kind: 'milter', door: 'submission', event }),
  });
}

/**
 * Reserves what the client says. Most say nothing: then what is usual, so that the end of the message need not ask again;
 * an account that has less than that left may still send what is smaller.
 */
async function roomForFirst(
  allowance: Allowance,
  message: { reservedBytes: number },
  onEvent: FilterEventListener,
): Promise<Room> {
  const declared: Demand = { messages: 1, recipients: 1, bytes: message.reservedBytes };
  if (declared.bytes > 0) return await roomFor(allowance, declared, onEvent);
  const usual = await roomFor(allowance, { ...declared, bytes: usualBytes }, onEvent);
  if (usual.kind === 'enough') message.reservedBytes = usualBytes;
  return usual.kind === 'none' && usual.part === 'bytes' ? await roomFor(allowance, declared, onEvent) : usual;
}

function letGo(connection: Connection): void {
  connection.allowance?.refund();
  connection.allowance = undefined;
}
