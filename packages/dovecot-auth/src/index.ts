export { createAuthServer, type AuthServer, type AuthServerOptions } from './auth/server.ts';
export type { AuthBackend, LoginAttempt, LoginOutcome, UserRecord } from './backend.ts';
export type { Clock } from './clock.ts';
export { DovecotProtocolError, type ProtocolErrorCode } from './errors.ts';
export type { DoorEvent, EventListener } from './events.ts';
export { defaultLimits, type Limits } from './limits.ts';
export type { Listen } from './sockets/listen.ts';
export { createDictAuthServer, type DictAuthServerOptions } from './dict/auth-server.ts';
export type { DictContext, DictHandlers, DictTransaction } from './dict/handlers.ts';
export type { DictChange, DictQuery } from './dict/messages.ts';
export { createDictServer, type DictServer, type DictServerOptions } from './dict/server.ts';
export { createHttpAuthServer, type HttpAuthServer, type HttpAuthServerOptions } from './http/server.ts';
export {
  createCheckpasswordServer,
  type CheckpasswordServer,
  type CheckpasswordServerOptions,
} from './checkpassword/server.ts';
export { inheritedSockets } from './sockets/systemd.ts';
