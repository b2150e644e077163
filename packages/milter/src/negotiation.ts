import { MilterProtocolError } from './errors.ts';
import { maxFrameBytes } from './limits.ts';
import { type OptionalStage, optionalStages, stageFlags } from './stages.ts';
import { ActionFlag, chunkBytes, MacroStage, ProtocolFlag, protocolVersion, Reply } from './wire/constants.ts';
import type { Offer } from './wire/commands.ts';
import { encodeFrame, encodeString, encodeUint32 } from './wire/frames.ts';

/** How a filter deals with an event: not at all, without an answer, or with one. */
export type Interest = 'none' | 'observes' | 'answers';

const macroStages = ['connect', 'helo', 'mail', 'rcpt', 'data', 'endOfHeaders', 'endOfMessage'] as const;

/** The macros to ask for at each stage, with or without braces; an empty list asks for none. */
export type MacroRequests = { readonly [Stage in (typeof macroStages)[number]]?: readonly string[] };

/** What a filter needs of the mail server; derived from its handlers. */
export interface Wants {
  readonly interests: Readonly<Record<OptionalStage, Interest>>;
  /** Action flags without which the filter cannot work. */
  readonly actions: number;
  readonly macros: MacroRequests;
  readonly rejectedRecipients: boolean;
  readonly leadingSpace: boolean;
  readonly maxDataBytes: 65_535 | 262_143 | 1_048_575;
}

/** What was agreed with one mail server. */
export interface Agreement {
  readonly version: number;
  readonly actions: number;
  readonly protocol: number;
  /** The longest frame to take from now on. */
  readonly maxFrameBytes: number;
  /** The longest piece of a body to send. */
  readonly chunkBytes: number;
  readonly frame: Buffer;
}

// sendmail include/libmilter/mfdef.h SMFI_V1_ACTS, SMFI_V1_PROT
const versionOneActions = 0xf;
const versionOneProtocol = 0x3f;

/**
 * Answers an offer: never a version, an action or a protocol flag that was not in it, since Postfix drops a filter
 * that does so (milter8.c milter8_connect()).
 *
 * @param transport over TCP every event is answered. Postfix leaves Nagle's algorithm on, so that its second write in a
 *   row waits for the acknowledgement of the first, which the kernel delays by 40 ms; our answer carries it at once.
 * @throws MilterProtocolError `version-too-old`, `action-not-offered`.
 */
export function negotiate(offer: Offer, wants: Wants, transport: 'unix' | 'tcp'): Agreement {
  if (offer.version < 2) {
    throw new MilterProtocolError('version-too-old', `version ${offer.version} was offered; 2 is the oldest spoken`);
  }
  const version = Math.min(protocolVersion, offer.version);
  // libmilter engine.c st_optionneg(): a server that names none has those of version 1.
  const offeredActions = offer.actions === 0 ? versionOneActions : offer.actions;
  const offeredProtocol = offer.protocol === 0 ? versionOneProtocol : offer.protocol;
  const missing = (wants.actions & ~offeredActions) >>> 0;
  if (missing !== 0) {
    throw new MilterProtocolError(
      'action-not-offered',
      `the mail server offers actions 0x${offeredActions.toString(16)}, without 0x${missing.toString(16)} (${namesOf(missing)})`,
    );
  }
  const lists = macroLists(wants.macros);
  const asksForMacros = lists.length > 0 && (offeredActions & ActionFlag.setMacroLists) !== 0;
  const actions = (wants.actions | (asksForMacros ? ActionFlag.setMacroLists : 0)) >>> 0;
  const protocol = (wantedProtocol(wants, offeredProtocol, transport) & offeredProtocol) >>> 0;
  const dataBytes =
    (protocol & ProtocolFlag.maxData1M) !== 0
      ? 1_048_575
      : (protocol & ProtocolFlag.maxData256K) !== 0
        ? 262_143
        : chunkBytes;
  return {
    version,
    actions,
    protocol,
    maxFrameBytes: maxFrameBytes - chunkBytes + dataBytes,
    chunkBytes: dataBytes,
    frame: encodeFrame(
      Reply.optionNegotiation,
      encodeUint32(version),
      encodeUint32(actions),
      encodeUint32(protocol),
      ...(asksForMacros ? lists : []),
    ),
  };
}

function wantedProtocol(wants: Wants, offered: number, transport: 'unix' | 'tcp'): number {
  let flags = ProtocolFlag.skip;
  for (const stage of optionalStages) {
    const { omit, noReply } = stageFlags[stage];
    const interest = wants.interests[stage];
    // Postfix sends DATA's macros even when it does not send DATA, and nothing would answer them (milter8.c).
    if (transport === 'tcp' && stage === 'data') continue;
    if (interest === 'none') flags |= (offered & omit) !== 0 ? omit : noReply;
    else if (interest === 'observes' && transport === 'unix') flags |= noReply;
  }
  if (wants.rejectedRecipients) flags |= ProtocolFlag.rejectedRecipients;
  if (wants.leadingSpace) flags |= ProtocolFlag.leadingSpace;
  if (wants.maxDataBytes >= 1_048_575) flags |= ProtocolFlag.maxData1M;
  else if (wants.maxDataBytes >= 262_143) flags |= ProtocolFlag.maxData256K;
  return flags;
}

const encodedLists = new WeakMap<MacroRequests, readonly Buffer[]>();

/** Encoded once for each filter: a mail server makes a connection for nearly every message. */
function macroLists(macros: MacroRequests): readonly Buffer[] {
  const known = encodedLists.get(macros);
  if (known !== undefined) return known;
  const lists = encodeMacroLists(macros);
  encodedLists.set(macros, lists);
  return lists;
}

/** `(uint32 stage, names)*`; an empty list means "all by default" to Postfix, so nothing is asked for by a name that no macro has. */
function encodeMacroLists(macros: MacroRequests): Buffer[] {
  return macroStages.flatMap((stage) => {
    const names = macros[stage];
    if (names === undefined) return [];
    const list = names.length === 0 ? '{none}' : names.map(braced).join(' ');
    return [encodeUint32(MacroStage[stage]), encodeString(list)];
  });
}

/** A name of one letter stands alone, a longer one in braces. */
function braced(name: string): string {
  return name.length === 1 || name.startsWith('{') ? name : `{${name}}`;
}

function namesOf(actions: number): string {
  return Object.entries(ActionFlag)
    .filter(([, flag]) => (actions & flag) !== 0)
    .map(([name]) => name)
    .join(', ');
}
