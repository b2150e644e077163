export { createCheck } from './check.ts';
export type { Check, CheckOptions } from './check.ts';
export { checkMessage, createMessageStream } from './message.ts';
export type { MessageStream } from './message.ts';
export type {
  BounceFinding,
  CleartextFinding,
  EncryptedFinding,
  Finding,
  SecureJoinRequestFinding,
  SessionKeyKind,
} from './finding.ts';
export type { Direction } from './mime/part-rules.ts';
export type { CleartextReason } from './reasons.ts';
