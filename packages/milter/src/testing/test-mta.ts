import type { FilterEdit } from './codec.ts';
import { type FilterVerdict, MilterConversation } from './conversation.ts';
import { applyEdits, bare, type TestMessage } from './edited-message.ts';
import { type MtaProfile, profiles } from './profiles.ts';
import type { FilterAddress } from './wire-connection.ts';

/** A message to put through a filter; what is left out is ordinary. */
export interface TestMail {
  readonly client?: { readonly hostname: string; readonly address: string };
  readonly helo?: string;
  readonly from?: string;
  readonly to?: readonly string[];
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: string | Uint8Array;
}

/** What became of a message. */
export interface Delivery {
  readonly outcome: 'accepted' | 'refused' | 'deferred' | 'discarded' | 'quarantined';
  /** What the SMTP client read at last. */
  readonly reply: string;
  /** Where it was decided. */
  readonly stage: 'connect' | 'helo' | 'mail' | 'rcpt' | 'data' | 'header' | 'endOfHeaders' | 'body' | 'endOfMessage';
  /** Recipients that the filter refused, with what the client read. */
  readonly refusedRecipients: readonly { readonly to: string; readonly reply: string }[];
  readonly edits: readonly FilterEdit[];
  /** The message as it goes on, edited. */
  readonly message: TestMessage;
  readonly quarantineReason?: string;
}

export interface TestMtaOptions {
  /** Negotiates and behaves like this mail server. Default: Postfix. */
  readonly like?: keyof typeof profiles | MtaProfile;
  /** Macros by name, without braces: `{ auth_authen: 'bob' }`. */
  readonly macros?: Record<string, string>;
  /** How long to wait for each answer. Default: 10,000. */
  readonly timeoutMs?: number;
}

type Stage = Delivery['stage'];

const ordinary = {
  client: { hostname: 'client.example', address: '192.0.2.1' },
  helo: 'client.example',
  from: 'sender@example.org',
  to: ['recipient@example.net'],
  headers: [
    ['From', ' sender@example.org'],
    ['To', ' recipient@example.net'],
    ['Subject', ' a test'],
  ],
  body: 'Hello.\r\n',
} as const satisfies Required<TestMail>;

/** A mail server to test a filter with: `new TestMta({ path }, { like: 'sendmail' })`. */
export class TestMta {
  readonly #address: FilterAddress;
  readonly #profile: MtaProfile;
  readonly #macros: Record<string, string>;
  readonly #timeoutMs: number;

  constructor(address: FilterAddress, options: TestMtaOptions = {}) {
    const { like = 'postfix' } = options;
    this.#address = address;
    this.#profile = typeof like === 'string' ? profiles[like] : like;
    this.#macros = options.macros ?? {};
    this.#timeoutMs = options.timeoutMs ?? 10_000;
  }

  /** One connection, to play event by event. */
  open(): Promise<MilterConversation> {
    return MilterConversation.open(this.#address, {
      profile: this.#profile,
      macros: this.#macros,
      timeoutMs: this.#timeoutMs,
    });
  }

  /** Puts one message through the filter, on a connection of its own. */
  async deliver(mail: TestMail = {}): Promise<Delivery> {
    const [delivery] = await this.deliverAll([mail]);
    if (delivery === undefined) throw new Error('a message has a delivery');
    return delivery;
  }

  /** Puts several messages through the filter, on one connection; the client of the first is that of all. */
  async deliverAll(mails: readonly TestMail[]): Promise<Delivery[]> {
    if (this.#profile.connectsPerStage) return this.#deliverByStages(mails);
    const conversation = await this.open();
    const deliveries: Delivery[] = [];
    try {
      const client = { ...ordinary, ...mails[0] };
      const refused = await this.#introduce(conversation, client);
      for (const mail of mails) {
        const whole = { ...ordinary, ...mail };
        deliveries.push(refused ?? (await transfer(conversation, whole, this.#profile)));
        if (refused !== undefined) continue;
        if (this.#profile.abortsAlways || deliveries.at(-1)?.stage !== 'endOfMessage') conversation.abort();
      }
      // Postfix closes without a word after a verdict on the whole connection.
      if (refused === undefined) await conversation.quit();
    } finally {
      conversation.wire.destroy();
    }
    return deliveries;
  }

  /** Stalwart: each stage on a new connection, on which the stages before are played again. */
  async #deliverByStages(mails: readonly TestMail[]): Promise<Delivery[]> {
    const deliveries: Delivery[] = [];
    for (const mail of mails) {
      const whole = { ...ordinary, ...mail };
      let delivery: Delivery | undefined;
      for (const last of ['connect', 'helo', 'mail', 'rcpt', 'endOfMessage'] as const) {
        const conversation = await this.open();
        try {
          delivery =
            (await this.#introduce(conversation, whole)) ??
            (last === 'connect' || last === 'helo'
              ? undefined
              : await transfer(conversation, whole, this.#profile, last));
        } finally {
          conversation.wire.destroy(); // it says no goodbye
        }
        if (delivery !== undefined) break;
      }
      deliveries.push(delivery ?? conclude('endOfMessage', { kind: 'continue' }, whole));
    }
    return deliveries;
  }

  async #introduce(conversation: MilterConversation, mail: Required<TestMail>): Promise<Delivery | undefined> {
    const atConnect = await conversation.connect(mail.client);
    if (isFinal(atConnect, this.#profile)) return conclude('connect', atConnect, mail);
    const atHelo = await conversation.helo(mail.helo);
    return isFinal(atHelo, this.#profile) ? conclude('helo', atHelo, mail) : undefined;
  }
}

/** Plays a message up to a stage. @returns nothing when that stage lets it go on. */
async function transfer(
  conversation: MilterConversation,
  mail: Required<TestMail>,
  profile: MtaProfile,
): Promise<Delivery>;
async function transfer(
  conversation: MilterConversation,
  mail: Required<TestMail>,
  profile: MtaProfile,
  last: Stage,
): Promise<Delivery | undefined>;
async function transfer(
  conversation: MilterConversation,
  mail: Required<TestMail>,
  profile: MtaProfile,
  last: Stage = 'endOfMessage',
): Promise<Delivery | undefined> {
  const atMail = await conversation.mail(`<${mail.from}>`);
  if (isFinal(atMail, profile)) return conclude('mail', atMail, mail);
  if (last === 'mail') return undefined;
  const refusedRecipients: { to: string; reply: string }[] = [];
  for (const to of mail.to) {
    const verdict = await conversation.rcpt(`<${to}>`);
    if (verdict.kind === 'accept' || verdict.kind === 'discard') {
      if (isFinal(verdict, profile)) return conclude('rcpt', verdict, mail, { refusedRecipients });
    } else if (verdict.kind !== 'continue') {
      refusedRecipients.push({ to, reply: replyOf(verdict) });
    }
  }
  const recipients = mail.to.filter((to) => !refusedRecipients.some((refused) => refused.to === to));
  const refusal = refusedRecipients.at(-1);
  if (recipients.length === 0 && refusal !== undefined) {
    const outcome = refusal.reply.startsWith('4') ? 'deferred' : 'refused';
    return { ...conclude('rcpt', { kind: 'continue' }, mail, { refusedRecipients }), outcome, reply: refusal.reply };
  }
  if (last === 'rcpt') return undefined;
  const accepted = { ...mail, to: recipients };
  const steps: readonly (readonly [Stage, () => Promise<FilterVerdict>])[] = [
    ['data', () => conversation.data()],
    ...mail.headers.map(([name, value]) => ['header', () => conversation.header(name, value)] as const),
    ['endOfHeaders', () => conversation.endOfHeaders()],
    ['body', () => conversation.body(Buffer.from(mail.body))],
  ];
  for (const [stage, play] of steps) {
    const verdict = await play();
    if (isFinal(verdict, profile)) return conclude(stage, verdict, accepted, { refusedRecipients });
  }
  const { verdict, edits } = await conversation.endOfMessage();
  return conclude('endOfMessage', verdict, accepted, { refusedRecipients, edits });
}

function isFinal(verdict: FilterVerdict, profile: MtaProfile): boolean {
  if (verdict.kind === 'accept') return !profile.ignoresAccept;
  return verdict.kind !== 'continue' && verdict.kind !== 'skip';
}

function conclude(
  stage: Stage,
  verdict: FilterVerdict,
  mail: Required<TestMail>,
  more: { refusedRecipients?: Delivery['refusedRecipients']; edits?: readonly FilterEdit[] } = {},
): Delivery {
  const { refusedRecipients = [], edits = [] } = more;
  const message: TestMessage = {
    sender: mail.from,
    recipients: mail.to.map(bare),
    headers: mail.headers.map(([name, value]) => [name, value.replace(/^ /, '')] as const),
    body: Buffer.from(mail.body).toString(),
  };
  const quarantine = edits.find((edit) => edit.kind === 'quarantine');
  const passes = verdict.kind === 'continue' || verdict.kind === 'accept' || verdict.kind === 'skip';
  const reply = replyOf(verdict);
  return {
    outcome: passes ? (quarantine === undefined ? 'accepted' : 'quarantined') : outcomeOf(verdict, reply),
    reply,
    stage,
    refusedRecipients,
    edits,
    message: passes ? applyEdits(message, edits) : message,
    ...(quarantine !== undefined && { quarantineReason: quarantine.reason }),
  };
}

function outcomeOf(verdict: FilterVerdict, reply: string): Delivery['outcome'] {
  if (verdict.kind === 'discard') return 'discarded';
  return reply.startsWith('4') ? 'deferred' : 'refused';
}

/** What the client reads. postfix src/milter/milter8.c milter8_event() */
function replyOf(verdict: FilterVerdict): string {
  switch (verdict.kind) {
    case 'reply':
      return verdict.text;
    case 'reject':
      return '550 5.7.1 Command rejected';
    case 'tempfail':
      return '451 4.7.1 Service unavailable - try again later';
    case 'shutdown':
      return '421 4.7.0 Server closing connection';
    case 'continue':
    case 'accept':
    case 'discard':
    case 'skip':
      break;
  }
  return '250 2.0.0 Ok';
}
