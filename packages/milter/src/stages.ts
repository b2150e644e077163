import { ProtocolFlag } from './wire/constants.ts';

export const optionalStages = [
  'connect',
  'helo',
  'mail',
  'rcpt',
  'data',
  'header',
  'endOfHeaders',
  'body',
  'unknown',
] as const;

/** The events that a filter can do without; only the end of a message always comes, and is always answered. */
export type OptionalStage = (typeof optionalStages)[number];
export type Stage = OptionalStage | 'endOfMessage';

/** The flags with which a filter does without an event, or without answering it. */
interface StageFlags {
  readonly omit: number;
  readonly noReply: number;
}

export const stageFlags: Readonly<Record<OptionalStage, StageFlags>> = {
  connect: { omit: ProtocolFlag.noConnect, noReply: ProtocolFlag.noReplyConnect },
  helo: { omit: ProtocolFlag.noHelo, noReply: ProtocolFlag.noReplyHelo },
  mail: { omit: ProtocolFlag.noMail, noReply: ProtocolFlag.noReplyMail },
  rcpt: { omit: ProtocolFlag.noRcpt, noReply: ProtocolFlag.noReplyRcpt },
  data: { omit: ProtocolFlag.noData, noReply: ProtocolFlag.noReplyData },
  header: { omit: ProtocolFlag.noHeaders, noReply: ProtocolFlag.noReplyHeader },
  endOfHeaders: { omit: ProtocolFlag.noEndOfHeaders, noReply: ProtocolFlag.noReplyEndOfHeaders },
  body: { omit: ProtocolFlag.noBody, noReply: ProtocolFlag.noReplyBody },
  unknown: { omit: ProtocolFlag.noUnknown, noReply: ProtocolFlag.noReplyUnknown },
};
