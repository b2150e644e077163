export { TestMta } from './test-mta.ts';
export type { Delivery, TestMail, TestMtaOptions } from './test-mta.ts';
export type { EndOfMessage, FilterVerdict, MilterConversation, Negotiated } from './conversation.ts';
export { applyEdits, type TestMessage } from './edited-message.ts';
export { FilterProtocolError } from './codec.ts';
export type { FilterEdit, FilterPacket, MacroRequest } from './codec.ts';
export { type FilterAddress, FilterGoneError, type WireConnection } from './wire-connection.ts';
export { type MtaProfile, profiles } from './profiles.ts';
