import { ActionFlag, MacroStage, ProtocolFlag } from '../wire/constants.ts';
import {
  decodePacket,
  type FilterEdit,
  type FilterPacket,
  FilterProtocolError,
  frame,
  strings,
  uint16,
  uint32,
} from './codec.ts';
import type { MtaProfile } from './profiles.ts';
import { type FilterAddress, WireConnection } from './wire-connection.ts';

/** What ends the wait for an event's answer. */
export type FilterVerdict = Exclude<FilterPacket, FilterEdit | { kind: 'negotiation' | 'progress' }>;
export type Negotiated = FilterPacket & { readonly kind: 'negotiation' };

/** The answer to the end of a message. */
export interface EndOfMessage {
  readonly verdict: FilterVerdict;
  readonly edits: readonly FilterEdit[];
}

const continued: FilterVerdict = { kind: 'continue' };
const stageNumbers: Readonly<Record<string, number>> = {
  C: MacroStage.connect,
  H: MacroStage.helo,
  M: MacroStage.mail,
  R: MacroStage.rcpt,
  T: MacroStage.data,
  L: MacroStage.endOfHeaders,
  N: MacroStage.endOfHeaders,
  B: MacroStage.endOfMessage,
  E: MacroStage.endOfMessage,
};
const editFlags: Readonly<Record<FilterEdit['kind'], number>> = {
  addHeader: ActionFlag.addHeader,
  insertHeader: ActionFlag.addHeader,
  changeHeader: ActionFlag.changeHeader,
  changeSender: ActionFlag.changeSender,
  addRecipient: ActionFlag.addRecipient | ActionFlag.addRecipientWithParameters,
  deleteRecipient: ActionFlag.deleteRecipient,
  replaceBody: ActionFlag.replaceBody,
  quarantine: ActionFlag.quarantine,
};

/**
 * One connection to a filter, event by event, as a mail server would have it: an event that the filter does without is
 * not sent, one that it does not answer is not waited for. A method resolves with the filter's verdict, `continue`
 * where there was none.
 */
export class MilterConversation {
  /** How often the filter reported progress. */
  progressReports = 0;
  readonly wire: WireConnection;
  readonly negotiated: Negotiated;
  readonly #profile: MtaProfile;
  readonly #macros: Readonly<Record<string, string>>;
  #skipsBody = false;

  private constructor(
    wire: WireConnection,
    negotiated: Negotiated,
    profile: MtaProfile,
    macros: Record<string, string>,
  ) {
    this.wire = wire;
    this.negotiated = negotiated;
    this.#profile = profile;
    this.#macros = { v: profile.versionMacro, ...macros };
  }

  /** Connects and negotiates. @throws FilterProtocolError when the filter asks for more than was offered. */
  static async open(
    address: FilterAddress,
    options: { profile: MtaProfile; macros: Record<string, string>; timeoutMs: number },
  ): Promise<MilterConversation> {
    const { profile } = options;
    const wire = await WireConnection.open(address, options.timeoutMs);
    wire.send(frame('O', uint32(profile.version, profile.actions, profile.protocol)));
    const answer = decodePacket(await wire.receive());
    if (answer.kind !== 'negotiation')
      throw new FilterProtocolError(`the filter answered the offer with ${answer.kind}`);
    const excess = (offered: number, wanted: number): boolean => (wanted & ~offered) !== 0;
    if (answer.version > profile.version || answer.version < 2) {
      throw new FilterProtocolError(`version ${answer.version} answers ${profile.version}`);
    }
    if (excess(profile.actions, answer.actions) || excess(profile.protocol, answer.protocol)) {
      throw new FilterProtocolError('the filter asks for something that was not offered');
    }
    return new MilterConversation(wire, answer, profile, options.macros);
  }

  connect(client: { hostname: string; address: string; port?: number }): Promise<FilterVerdict> {
    const family = client.address.includes(':') ? '6' : '4';
    const payload = [
      strings(client.hostname),
      Buffer.from(family),
      uint16(client.port ?? 25_000),
      strings(client.address),
    ];
    return this.#event('C', Buffer.concat(payload), ProtocolFlag.noConnect, ProtocolFlag.noReplyConnect);
  }

  helo(name: string): Promise<FilterVerdict> {
    return this.#event('H', strings(name), ProtocolFlag.noHelo, ProtocolFlag.noReplyHelo);
  }

  mail(sender: string, parameters: readonly string[] = []): Promise<FilterVerdict> {
    this.#skipsBody = false;
    return this.#event('M', strings(sender, ...parameters), ProtocolFlag.noMail, ProtocolFlag.noReplyMail, {
      mail_addr: sender.replaceAll(/[<>]/g, ''),
    });
  }

  rcpt(recipient: string, parameters: readonly string[] = []): Promise<FilterVerdict> {
    return this.#event('R', strings(recipient, ...parameters), ProtocolFlag.noRcpt, ProtocolFlag.noReplyRcpt, {
      rcpt_addr: recipient.replaceAll(/[<>]/g, ''),
    });
  }

  data(): Promise<FilterVerdict> {
    return this.#event('T', '', ProtocolFlag.noData, ProtocolFlag.noReplyData);
  }

  /** @param value as behind the colon, with its space. */
  header(name: string, value: string): Promise<FilterVerdict> {
    const keepsSpace = (this.negotiated.protocol & ProtocolFlag.leadingSpace) !== 0;
    const payload = strings(name, keepsSpace ? value : value.replace(/^ /, ''));
    return this.#event('L', payload, ProtocolFlag.noHeaders, ProtocolFlag.noReplyHeader);
  }

  endOfHeaders(): Promise<FilterVerdict> {
    const isOmitted = this.#profile.connectsPerStage ? 0 : ProtocolFlag.noEndOfHeaders;
    return this.#event('N', '', isOmitted, ProtocolFlag.noReplyEndOfHeaders);
  }

  /** Sends a body in pieces of at most 65,535 bytes, until the filter wants no more. */
  async body(bytes: Uint8Array): Promise<FilterVerdict> {
    for (let at = 0; at < bytes.length && !this.#skipsBody; at += 65_535) {
      const verdict = await this.#event(
        'B',
        bytes.subarray(at, at + 65_535),
        ProtocolFlag.noBody,
        ProtocolFlag.noReplyBody,
      );
      if (verdict.kind === 'skip') this.#skipsBody = true;
      else if (verdict.kind !== 'continue') return verdict;
    }
    return continued;
  }

  async endOfMessage(): Promise<EndOfMessage> {
    this.#sendMacros('E');
    this.wire.send(frame('E'));
    return this.#verdict(true);
  }

  unknown(line: string): Promise<FilterVerdict> {
    return this.#event('U', strings(line), ProtocolFlag.noUnknown, ProtocolFlag.noReplyUnknown);
  }

  abort(): void {
    this.wire.send(frame('A'));
  }

  /** Says goodbye and waits until the filter has closed. */
  async quit(): Promise<void> {
    this.wire.send(frame('Q'));
    await this.wire.end();
  }

  /** Ends this SMTP connection and begins another on the same socket. */
  quitNewConnection(): void {
    this.wire.send(frame('K'));
  }

  async #event(
    command: string,
    payload: Uint8Array | string,
    omit: number,
    noReply: number,
    macros: Readonly<Record<string, string>> = {},
  ): Promise<FilterVerdict> {
    this.#sendMacros(command, macros);
    if ((this.negotiated.protocol & omit) !== 0) return continued;
    this.wire.send(frame(command, payload));
    if ((this.negotiated.protocol & noReply) !== 0) return continued;
    return (await this.#verdict(false)).verdict;
  }

  #sendMacros(command: string, more: Readonly<Record<string, string>> = {}): void {
    const requested = this.negotiated.macros.find((request) => request.stage === stageNumbers[command])?.names;
    const names = requested ?? this.#profile.macros[command] ?? [];
    const known: Readonly<Record<string, string>> = { ...this.#macros, ...more };
    const pairs = names.flatMap((name) => {
      const value = known[name.replaceAll(/[{}]/g, '')];
      return value === undefined ? [] : [name, value];
    });
    this.wire.send(frame('D', Buffer.concat([Buffer.from(command), strings(...pairs)])));
  }

  async #verdict(takesEdits: boolean): Promise<EndOfMessage> {
    const edits: FilterEdit[] = [];
    for (;;) {
      const packet = decodePacket(await this.wire.receive());
      if (packet.kind === 'negotiation') throw new FilterProtocolError('the filter negotiated twice');
      if (packet.kind === 'progress') this.progressReports += 1;
      else if (!isEdit(packet)) return { verdict: packet, edits };
      else if (takesEdits) this.#take(packet, edits);
      else throw new FilterProtocolError(`the filter sent ${packet.kind} before the end of the message`);
    }
  }

  #take(edit: FilterEdit, edits: FilterEdit[]): void {
    if ((this.negotiated.actions & editFlags[edit.kind]) === 0) {
      throw new FilterProtocolError(`the filter sent ${edit.kind} without having asked to`);
    }
    const bodies = edits.findLastIndex((each) => each.kind === 'replaceBody');
    if (edit.kind === 'replaceBody' && bodies !== -1 && bodies !== edits.length - 1) {
      throw new FilterProtocolError('body replacements are mixed with other edits');
    }
    edits.push(edit);
  }
}

function isEdit(packet: FilterVerdict | FilterEdit): packet is FilterEdit {
  return packet.kind in editFlags;
}
