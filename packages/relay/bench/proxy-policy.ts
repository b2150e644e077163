import { createCheck } from '@postern/encryption-check';
import { nothing } from '../src/mail/budget.ts';
import { readAuthor } from '../src/mail/from-header.ts';
import { allowedHeaders, HeaderPrivacy } from '../src/mail/header-privacy.ts';
import type { Allowance, Limiter } from '../src/mail/limiter.ts';
import { declaredSize } from '../src/mail/message-size.ts';
import { decide, type Verdict } from '../src/mail/policy.ts';
import { roomFor } from '../src/mail/room.ts';
import type { SenderStandings, Standing } from '../src/mail/sender-standing.ts';

const allowed = allowedHeaders();

export interface PolicyParts {
  readonly limiter: Limiter;
  readonly users: SenderStandings;
}

/** What the submission filter does with one message, in the words of SMTP: the same limits, check and header. */
export class ProxyPolicy {
  readonly #parts: PolicyParts;
  readonly #check = createCheck({ direction: 'outgoing' });
  readonly #privacy = new HeaderPrivacy(allowed);
  readonly #authors: string[] = [];
  readonly #declaredBytes: number;
  #allowance: Allowance | undefined;
  #recipients = 0;
  #bytes = 0;
  #isBodyBegun = false;
  #standing: Standing = { kind: 'unknown' };
  readonly sender: string;

  /** @param line `MAIL FROM:<…> …`. */
  constructor(parts: PolicyParts, line: string) {
    this.#parts = parts;
    this.sender = (/<(.*)>/.exec(line)?.[1] ?? '').toLowerCase();
    this.#declaredBytes = declaredSize(line.split(' '));
  }

  /** @returns a refusal, as for all that follows. */
  async recipient(): Promise<string | undefined> {
    const isFirst = this.#allowance === undefined;
    this.#allowance ??= this.#parts.limiter.open(`from ${this.sender}`);
    const demand = isFirst ? { messages: 1, recipients: 1, bytes: this.#declaredBytes } : { ...nothing, recipients: 1 };
    if (isFirst) this.#standing = await this.#parts.users.standing(this.sender);
    const room = await roomFor(this.#allowance, demand, () => {});
    this.#recipients += 1;
    // No login comes this way: Postfix has compared it already.
    const [sender, standing] = [this.sender, this.#standing];
    return refusal(decide({ situation: 'submission-recipient', sender, login: sender, standing, room }));
  }

  /** @returns the header as it leaves. */
  header(block: Buffer): string {
    this.#bytes += block.length;
    const fields = block
      .toString('latin1')
      .trimEnd()
      .split(/\r\n(?![ \t])/);
    const leaving = fields.map((field) => this.#field(field)).filter((field) => field !== undefined);
    this.#check.endOfHeaders();
    return `${leaving.join('\r\n')}\r\n\r\n`;
  }

  #field(field: string): string | undefined {
    const colon = field.indexOf(':');
    const [name, value] = [field.slice(0, colon), field.slice(colon + 1).trimStart()];
    this.#check.header(Buffer.from(name, 'latin1'), Buffer.from(value, 'latin1'));
    if (name.toLowerCase() === 'from') this.#authors.push(value);
    const changed = this.#privacy.header(name, value);
    if (changed === undefined) return undefined;
    return changed === value ? field : `${name}: ${changed.replaceAll('\n', '\r\n')}`;
  }

  /** @param piece with dots doubled (RFC 5321 §4.5.2); a line end stands before each of them, but for the first of all. */
  body(piece: Buffer): void {
    this.#bytes += piece.length;
    let start = !this.#isBodyBegun && piece[0] === 0x2e ? 1 : 0;
    this.#isBodyBegun ||= piece.length > 0;
    for (let at = piece.indexOf('\r\n.'); at !== -1; at = piece.indexOf('\r\n.', at + 2)) {
      this.#check.body(piece.subarray(start, at + 2));
      start = at + 3;
    }
    this.#check.body(piece.subarray(start));
  }

  async end(): Promise<string | undefined> {
    if (this.#allowance === undefined) return '451 4.3.0 Temporary failure';
    const finding = this.#check.end();
    const undeclared = this.#bytes - this.#declaredBytes;
    const room =
      undeclared <= 0
        ? ({ kind: 'enough' } as const)
        : await roomFor(this.#allowance, { ...nothing, bytes: undeclared }, () => {});
    const [sender, standing, author] = [this.sender, this.#standing, readAuthor(this.#authors)];
    return refusal(decide({ situation: 'submission-message', sender, standing, author, finding, room }));
  }

  /** The next server has taken the message. */
  commit(): void {
    this.#allowance?.commit({ messages: 1, recipients: this.#recipients, bytes: this.#bytes });
  }

  letGo(): void {
    this.#allowance?.refund();
  }
}

function refusal(verdict: Verdict): string | undefined {
  return verdict.kind === 'accept' ? undefined : `${verdict.code} ${verdict.text}`;
}
