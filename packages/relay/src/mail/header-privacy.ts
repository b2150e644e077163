import type { Editor } from '@postern/milter';
import { addressFields, hasNames, withoutNames } from './address-fields.ts';

/** Without these a message cannot be read or answered; the configuration cannot take them away. RFC 5322 §3.6, RFC 2045. */
const alwaysKept: readonly string[] = ['from', 'to', 'date', 'message-id', 'subject', 'mime-version', 'content-type'];

/** What else leaves if nothing is configured: what mail programs need, and what Delta Chat reads outside of the encrypted part. */
export const defaultOutgoingHeaders: readonly string[] = [
  'cc',
  'sender',
  'reply-to',
  'in-reply-to',
  'references',
  'content-transfer-encoding',
  'content-disposition',
  'auto-submitted',
  'autocrypt',
  'chat-version',
  'chat-is-post-message',
  'secure-join',
  'secure-join-invitenumber',
];

/** What clients write themselves when the real subject is inside the encrypted part. */
const neutralSubject = '[...]';

/** Notes which header fields of a message have to go or change before it leaves: all that are not allowed. */
export class HeaderPrivacy {
  readonly #allowed: ReadonlySet<string>;
  readonly #seen = new Map<string, number>();
  readonly #changes: { readonly name: string; readonly nth: number; readonly value: string | undefined }[] = [];

  constructor(allowed: ReadonlySet<string>) {
    this.#allowed = allowed;
  }

  /** @returns the value with which the field leaves; undefined when it does not. */
  header(name: string, value: string): string | undefined {
    const key = name.toLowerCase();
    const nth = (this.#seen.get(key) ?? 0) + 1;
    this.#seen.set(key, nth);
    const leaving = this.#leaving(key, value);
    if (leaving !== value) this.#changes.push({ name, nth, value: leaving });
    return leaving;
  }

  #leaving(key: string, value: string): string | undefined {
    if (!this.#allowed.has(key)) return undefined;
    if (key === 'subject') return neutralSubject;
    return addressFields.has(key) && hasNames(value) ? withoutNames(value) : value;
  }

  /** Deletions after changes, the last first: each would renumber what follows it. */
  apply(edit: Editor<'changeHeader'>): void {
    for (const { name, nth, value } of this.#changes) if (value !== undefined) edit.changeHeader(name, value, nth);
    for (const { name, nth, value } of this.#changes.toReversed())
      if (value === undefined) edit.deleteHeader(name, nth);
  }
}

/** @param configured the operator's list, in place of ours. */
export function allowedHeaders(configured: readonly string[] = defaultOutgoingHeaders): ReadonlySet<string> {
  return new Set([...alwaysKept, ...configured.map((name) => name.toLowerCase())]);
}
