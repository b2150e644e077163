import { maxPartLabelLength } from '../limits.ts';
import type { CleartextReason } from '../reasons.ts';
import { hasOnlyParameters, hasPlainCharset, isPlainTransferEncoding, parseParameterField } from './content-type.ts';
import type { PartFields } from './part-header.ts';

/** Which way a message goes: from a user of ours, or from the world to one. */
export type Direction = 'outgoing' | 'incoming';

/** What one part of the message has to be. */
export interface PartRule {
  readonly type: string;
  readonly typeReason: CleartextReason;
  readonly parameters: readonly string[];
  /** Fields beside Content-Type and Content-Transfer-Encoding. */
  readonly fields: readonly string[];
}

export const versionPart: PartRule = {
  type: 'application/pgp-encrypted',
  typeReason: 'first-part-type',
  parameters: ['charset', 'name'],
  fields: ['content-description', 'content-disposition'],
};

export const dataPart: PartRule = {
  type: 'application/octet-stream',
  typeReason: 'second-part-type',
  parameters: ['charset', 'name'],
  fields: ['content-description', 'content-disposition'],
};

/** Delta Chat repeats Message-ID in the part (core's mimefactory.rs). */
export const secureJoinPart: PartRule = {
  type: 'text/plain',
  typeReason: 'secure-join-shape',
  parameters: ['charset'],
  fields: ['message-id'],
};

/** Readers show descriptions and file names, so outgoing ones say only what clients write of themselves. */
const knownDescriptions = [
  'pgp/mime version identification', // Delta Chat < 2.50, Thunderbird, Mailvelope
  'pgp/mime versions identification', // GPGMail
  'openpgp encrypted message',
];
const knownFileNames = ['encrypted.asc', 'msg.asc']; // Delta Chat < 2.50 and most others; Mutt

/** Mail programs guess what a file is by the end of its name, and would show `noon.txt` as text. */
const armorFileName = /\.(?:asc|pgp|gpg)$/i;

/** The first rule that a part's header breaks. */
export function partProblem(fields: PartFields, rule: PartRule, direction: Direction): CleartextReason | undefined {
  const type = parseParameterField(fields.get('content-type') ?? '');
  if (type?.value !== rule.type) return rule.typeReason;
  const isTypePlain = hasPlainCharset(type) && hasOnlyParameters(type, ...rule.parameters);
  if (!isTypePlain || !isFileName(type.parameters.get('name'), direction)) return rule.typeReason;

  for (const [name, value] of fields) {
    if (name === 'content-type') continue;
    if (name === 'content-transfer-encoding') {
      if (!isPlainTransferEncoding(value)) return 'transfer-encoding';
    } else if (!rule.fields.includes(name)) {
      return 'part-header';
    } else if (name === 'content-description') {
      if (!isLabel(value, knownDescriptions, direction)) return 'part-header';
    } else if (name === 'content-disposition') {
      if (!isDisposition(value, direction)) return 'part-header';
    } else if (!/^[ \t]*<[^<>@ \t]{1,128}@[^<>@ \t]{1,128}>[ \t]*$/.test(value)) {
      return 'part-header'; // message-id
    }
  }
  return undefined;
}

function isLabel(text: string, known: readonly string[], direction: Direction): boolean {
  return direction === 'outgoing' ? known.includes(text.trim().toLowerCase()) : text.length <= maxPartLabelLength;
}

function isFileName(text: string | undefined, direction: Direction): boolean {
  return text === undefined || (isLabel(text, knownFileNames, direction) && armorFileName.test(text));
}

function isDisposition(text: string, direction: Direction): boolean {
  const disposition = parseParameterField(text);
  return (
    disposition !== undefined &&
    (disposition.value === 'inline' || disposition.value === 'attachment') &&
    hasOnlyParameters(disposition, 'filename') &&
    isFileName(disposition.parameters.get('filename'), direction)
  );
}
