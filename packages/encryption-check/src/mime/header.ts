import { maxStructuralFieldBytes } from '../limits.ts';
import type { CleartextReason } from '../reasons.ts';
import { isUnmistakableBoundary } from './boundary.ts';
import { hasOnlyParameters, hasPlainCharset, isPlainTransferEncoding, parseParameterField } from './content-type.ts';
import type { ParameterField } from './content-type.ts';
import { fieldProblem, isFirstLineBlank, latin1, unfold } from './field.ts';
import type { Folds } from './field.ts';
import type { Direction } from './part-rules.ts';

/** What the header says the body has to be. */
export type Shape =
  | { readonly kind: 'encrypted'; readonly boundary: string }
  | { readonly kind: 'secure-join'; readonly boundary: string; readonly request: 'vc-request' | 'vg-request' }
  | { readonly kind: 'bounce' }
  | { readonly kind: 'cleartext'; readonly reason: CleartextReason };

/** Fields that say what the message is, and of which two would be two messages. Every Content- field is one too. */
const decisive = new Set(['mime-version', 'secure-join', 'from', 'auto-submitted']);

/** Most fields of a message are others, and need no look at more than their first letter. */
const decisiveInitials = new Set([...decisive, 'content-'].map((name) => name.charCodeAt(0)));
const lowerCaseBit = 0x20;

/** Content- fields that change nothing about how the body is read. */
const harmless = new Set(['content-type', 'content-transfer-encoding', 'content-language', 'content-description']);

/** Fields to keep. Other Content- fields are only noticed: there could be any number of them. */
const kept = new Set([...decisive, ...harmless, 'content-disposition']);

const shapes = new Set(['multipart/encrypted', 'multipart/mixed', 'multipart/report']);

/** The message's own header: keeps the few fields that decide how the body is read. */
export class MessageHeader {
  readonly #direction: Direction;
  readonly #folds: Folds;
  readonly #fields = new Map<string, string>();
  #hasOtherContent = false;
  #contentType: ParameterField | undefined;

  constructor(direction: Direction, folds: Folds) {
    this.#direction = direction;
    this.#folds = folds;
  }

  /** Takes a field; gives the rule that it breaks, which makes the message cleartext whatever follows. */
  take(name: Uint8Array, value: Uint8Array): CleartextReason | undefined {
    const problem = fieldProblem(name, value, this.#folds);
    if (problem !== undefined) return problem;
    if (!decisiveInitials.has((name[0] ?? 0) | lowerCaseBit)) return undefined;
    const key = latin1(name).toLowerCase();
    const isContent = key.startsWith('content-');
    if (!isContent && !decisive.has(key)) return undefined;
    if (this.#fields.has(key)) return 'header-duplicate';
    if (key !== 'from' && value.length > maxStructuralFieldBytes) return 'header-too-long';
    const folded = latin1(value);
    if (key !== 'from') {
      if (/[^\0-\x7f]/.test(folded)) return 'header-non-ascii';
      if (isFirstLineBlank(folded)) return 'header-obsolete-folding';
    }
    const text = unfold(folded);
    if (kept.has(key)) this.#fields.set(key, text);
    else this.#hasOtherContent = true;
    return key === 'content-type' ? this.#takeContentType(text) : undefined;
  }

  /** The shape that the whole header asks for. */
  shape(): Shape {
    const contentType = this.#contentType;
    if (contentType === undefined) return cleartext('content-type-missing');
    if (contentType.value === 'multipart/report')
      return this.#isBounce() ? { kind: 'bounce' } : cleartext('not-encrypted');
    // RFC 2045 §4: without this field a message is no MIME, and its body is text.
    if (!this.#isMime()) return cleartext('mime-version');
    const reason = this.#contentReason();
    if (reason !== undefined) return cleartext(reason);
    const boundary = contentType.parameters.get('boundary');
    if (!isUnmistakableBoundary(boundary)) return cleartext('boundary');
    return contentType.value === 'multipart/encrypted' ? encrypted(contentType, boundary) : this.#secureJoin(boundary);
  }

  #takeContentType(text: string): CleartextReason | undefined {
    const contentType = parseParameterField(text);
    if (contentType === undefined) return 'content-type-malformed';
    if (!shapes.has(contentType.value)) return 'not-encrypted';
    this.#contentType = contentType;
    return undefined;
  }

  /** Apple Mail adds a comment to the number; outgoing mail has no use for one. */
  #isMime(): boolean {
    const version = this.#fields.get('mime-version') ?? '';
    const pattern =
      this.#direction === 'outgoing' ? /^[ \t]*1\.0[ \t]*$/ : /^[ \t]*1\.0[ \t]*(?:\((?:[^()\\]|\\.)*\))?[ \t]*$/;
    return pattern.test(version);
  }

  #contentReason(): CleartextReason | undefined {
    const encoding = this.#fields.get('content-transfer-encoding');
    if (encoding !== undefined && !isPlainTransferEncoding(encoding)) return 'transfer-encoding';
    // Content-Length, Content-Encoding, …: some reader somewhere obeys them. Mutt writes `Content-Disposition: inline`.
    const disposition = this.#fields.get('content-disposition') ?? 'inline';
    return this.#hasOtherContent || !/^[ \t]*inline[ \t]*$/i.test(disposition) ? 'structural-header' : undefined;
  }

  #secureJoin(boundary: string): Shape {
    const request = this.#fields.get('secure-join')?.trim();
    if (request === undefined) return cleartext('not-encrypted');
    const isPlain = this.#contentType !== undefined && hasOnlyParameters(this.#contentType, 'boundary');
    if (!isPlain || (request !== 'vc-request' && request !== 'vg-request')) return cleartext('secure-join-shape');
    return { kind: 'secure-join', boundary, request };
  }

  /** RFC 3834 §5 and RFC 3464: written by a mail server, not by a person; Delta Chat looks for the same name in From. */
  #isBounce(): boolean {
    const automatic = this.#fields.get('auto-submitted')?.trim().toLowerCase() ?? '';
    const from = this.#fields.get('from') ?? '';
    const address = from.slice(from.lastIndexOf('<') + 1).trim();
    const isAutomatic = automatic !== '' && automatic !== 'no';
    return this.#direction === 'incoming' && isAutomatic && /^mailer-daemon@/i.test(address);
  }
}

/** RFC 3156 §4: the protocol parameter is required. */
function encrypted(contentType: ParameterField, boundary: string): Shape {
  if (contentType.parameters.get('protocol')?.toLowerCase() !== 'application/pgp-encrypted')
    return cleartext('protocol');
  const isPlain = hasOnlyParameters(contentType, 'protocol', 'boundary', 'charset') && hasPlainCharset(contentType);
  return isPlain ? { kind: 'encrypted', boundary } : cleartext('content-type-malformed');
}

function cleartext(reason: CleartextReason): Shape {
  return { kind: 'cleartext', reason };
}
