export { createAuthServer, type AuthServer, type AuthServerOptions } from './auth/server.ts';
export type { AuthBackend, LoginAttempt, LoginOutcome, UserRecord } from './backend.ts';
export type { Clock } from './clock.ts';
export { DovecotProtocolError, type ProtocolErrorCode } from './errors.ts';
export type { DoorEvent, EventListener } from './events.ts';
export { defaultLimits, type Limits } from './limits.ts';
export type { Listen } from './sockets/listen.ts';
