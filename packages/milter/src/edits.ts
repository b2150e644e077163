import { EditError } from './errors.ts';
import { maxAddressBytes, maxQuarantineReasonBytes } from './limits.ts';
import { ActionFlag, Reply } from './wire/constants.ts';
import { encodeFrame, encodeString, encodeUint32 } from './wire/frames.ts';

type Text = string | Uint8Array;

/** A new body: at once, or piece by piece. Lines end in CRLF. */
export type NewBody = Text | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** Every edit that there is. Nothing is sent before the handler has returned a verdict that lets the message pass. */
export interface Edits {
  /** Appends a field at the end of the header block. A fold is LF and white space. */
  addHeader(name: string, value: Text): void;
  /** Puts a field at a place: 0 above everything, 1 below the `Received` of this mail server. */
  insertHeader(index: number, name: string, value: Text): void;
  /** Changes the nth field of that name, counted from 1 in the message as received; appends it when there is none. */
  changeHeader(name: string, value: Text, nth?: number): void;
  /** Deletes the nth field of that name, counted from 1 in the message as received; none is fine. */
  deleteHeader(name: string, nth?: number): void;
  /** Replaces the body; once for a message. */
  replaceBody(body: NewBody): void;
  /** Adds a recipient, with or without angle brackets. */
  addRecipient(address: string): void;
  /** Adds a recipient with ESMTP parameters: Postfix takes `NOTIFY=` and `ORCPT=`. */
  addRecipientWithParameters(address: string, parameters: readonly string[]): void;
  deleteRecipient(address: string): void;
  /** Changes the envelope sender; of the parameters Postfix takes `RET=` and `ENVID=`. */
  changeSender(address: string, parameters?: readonly string[]): void;
  /** Puts the message on hold; it still needs a verdict, and a refusal wins. */
  quarantine(reason: string): void;
}

interface MethodsOf {
  addHeader: 'addHeader' | 'insertHeader';
  changeHeader: 'changeHeader' | 'deleteHeader';
  replaceBody: 'replaceBody';
  addRecipient: 'addRecipient';
  addRecipientWithParameters: 'addRecipientWithParameters';
  deleteRecipient: 'deleteRecipient';
  changeSender: 'changeSender';
  quarantine: 'quarantine';
}

/** What a filter declares that it may do to a message. */
export type Action = keyof MethodsOf;
/** The edits that the declared actions allow. */
export type Editor<A extends Action> = Pick<Edits, MethodsOf[A]>;

/** The wire's flags for the declared actions. */
export function actionFlags(actions: readonly Action[]): number {
  return actions.reduce((flags, action) => flags | ActionFlag[action], 0);
}

interface HeaderChange {
  readonly nth: number;
  readonly frame: Buffer;
}

/** Collects the edits of one message, checked, until they may be sent. */
export class EditQueue implements Edits {
  readonly #declared: number;
  readonly #dropsLeadingSpace: boolean;
  #isOpen = false;
  readonly #envelope: Buffer[] = [];
  readonly #changes: HeaderChange[] = [];
  readonly #additions: Buffer[] = [];
  #body: NewBody | undefined;
  #quarantine: Buffer | undefined;

  /** @param dropsLeadingSpace the filter writes the space after the colon, and so will the mail server. */
  constructor(declared: number, dropsLeadingSpace = false) {
    this.#declared = declared;
    this.#dropsLeadingSpace = dropsLeadingSpace;
  }

  /** Edits are taken from now on: the end of the message is there. */
  open(): void {
    this.#isOpen = true;
  }

  close(): void {
    this.#isOpen = false;
  }

  get body(): NewBody | undefined {
    return this.#body;
  }

  get quarantineFrame(): Buffer | undefined {
    return this.#quarantine;
  }

  /**
   * What goes before the body: envelope, then headers. Changes and deletions go from the last field to the first,
   * because Postfix counts anew after a deletion and Sendmail does not.
   */
  get framesBeforeBody(): Buffer[] {
    const changes = this.#changes.toSorted((a, b) => b.nth - a.nth).map((change) => change.frame);
    return [...this.#envelope, ...changes, ...this.#additions];
  }

  addHeader(name: string, value: Text): void {
    this.#check('addHeader');
    this.#additions.push(encodeFrame(Reply.addHeader, headerName(name), this.#headerValue(value)));
  }

  insertHeader(index: number, name: string, value: Text): void {
    this.#check('addHeader');
    this.#additions.push(
      encodeFrame(Reply.insertHeader, headerIndex(index, 0), headerName(name), this.#headerValue(value)),
    );
  }

  changeHeader(name: string, value: Text, nth = 1): void {
    this.#check('changeHeader');
    if (value.length === 0) {
      throw new EditError('bad-header-value', 'an empty value would delete the field: use deleteHeader for that');
    }
    this.#changeHeader(name, value, nth);
  }

  deleteHeader(name: string, nth = 1): void {
    this.#check('changeHeader');
    this.#changeHeader(name, '', nth);
  }

  replaceBody(body: NewBody): void {
    this.#check('replaceBody');
    if (this.#body !== undefined) throw new EditError('twice', 'the body was replaced already');
    this.#body = body;
  }

  addRecipient(recipient: string): void {
    this.#check('addRecipient');
    this.#envelope.push(encodeFrame(Reply.addRecipient, address(recipient)));
  }

  addRecipientWithParameters(recipient: string, parameters: readonly string[]): void {
    this.#check('addRecipientWithParameters');
    this.#envelope.push(encodeFrame(Reply.addRecipientWithParameters, address(recipient), esmtpParameters(parameters)));
  }

  deleteRecipient(recipient: string): void {
    this.#check('deleteRecipient');
    this.#envelope.push(encodeFrame(Reply.deleteRecipient, address(recipient)));
  }

  changeSender(sender: string, parameters: readonly string[] = []): void {
    this.#check('changeSender');
    // Stalwart reads this packet only with both strings there; Postfix takes an empty second one.
    this.#envelope.push(encodeFrame(Reply.changeSender, address(sender), esmtpParameters(parameters)));
  }

  quarantine(reason: string): void {
    this.#check('quarantine');
    const bytes = Buffer.from(reason);
    if (bytes.length === 0 || bytes.length > maxQuarantineReasonBytes || !/^[\x20-\x7e]+$/.test(reason)) {
      throw new EditError(
        'bad-reason',
        `a quarantine reason is 1 to ${maxQuarantineReasonBytes} printable ASCII characters`,
      );
    }
    this.#quarantine = encodeFrame(Reply.quarantine, encodeString(bytes));
  }

  #changeHeader(name: string, value: Text, nth: number): void {
    const frame = encodeFrame(Reply.changeHeader, headerIndex(nth, 1), headerName(name), this.#headerValue(value));
    this.#changes.push({ nth, frame });
  }

  #headerValue(value: Text): Buffer {
    const bytes = Buffer.from(value);
    return headerValue(this.#dropsLeadingSpace && bytes[0] === 0x20 ? bytes.subarray(1) : bytes);
  }

  /** The mail servers do not check: Postfix does what an undeclared edit says, and Sendmail logs a lie. */
  #check(action: Action): void {
    if ((this.#declared & ActionFlag[action]) === 0) {
      throw new EditError('not-declared', `${action} is not among the filter's declared actions`);
    }
    if (!this.#isOpen) {
      throw new EditError(
        'not-end-of-message',
        'a message is edited while its end is being answered, not before or after',
      );
    }
  }
}

/** Nothing that would end the field, or make two of it. Postfix does not check. */
function headerName(name: string): Buffer {
  if (!/^[\x21-\x39\x3b-\x7e]{1,998}$/.test(name)) {
    throw new EditError('bad-header-name', 'a header name is 1 to 998 printable ASCII characters without a colon');
  }
  return encodeString(name);
}

function headerValue(bytes: Buffer): Buffer {
  if (bytes.length > maxHeaderValueBytes) {
    throw new EditError('too-large', `a header value has at most ${maxHeaderValueBytes} bytes, not ${bytes.length}`);
  }
  if (/[\0\r]|\n(?![ \t])/.test(bytes.toString('latin1'))) {
    throw new EditError('bad-header-value', 'a header value has no NUL, no CR, and LF only before white space');
  }
  return encodeString(bytes);
}

function headerIndex(index: number, min: number): Buffer {
  if (!Number.isInteger(index) || index < min || index > maxHeaderIndex) {
    throw new EditError('bad-index', `a header index is a whole number from ${min} to ${maxHeaderIndex}, not ${index}`);
  }
  return encodeUint32(index);
}

function address(value: string): Buffer {
  const bytes = Buffer.from(value);
  if (bytes.length > maxAddressBytes || /[\0-\x1f\x7f]/.test(value)) {
    throw new EditError('bad-address', `an address has at most ${maxAddressBytes} bytes and no control characters`);
  }
  return encodeString(value.startsWith('<') && value.endsWith('>') ? bytes : `<${value}>`);
}

function esmtpParameters(parameters: readonly string[]): Buffer {
  if (!parameters.every((parameter) => /^[\x21-\x7e]+$/.test(parameter))) {
    throw new EditError('bad-parameter', 'an ESMTP parameter is printable ASCII without spaces');
  }
  return encodeString(parameters.join(' '));
}

/** Postfix cuts a field at header_size_limit 102,400 and reads ours of any size; this is what fits a plain packet. */
const maxHeaderValueBytes = 64_000;
/** Postfix takes an index of 2³¹ or more for a mistake and gives up the session. milter8.c milter8_event() */
const maxHeaderIndex = 0x7fff_ffff;
