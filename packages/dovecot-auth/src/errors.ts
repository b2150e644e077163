/** Why a peer's connection was closed. */
export type ProtocolErrorCode =
  | 'line-too-long'
  | 'line-incomplete'
  | 'malformed-command'
  | 'unknown-command'
  | 'unsupported-version'
  | 'out-of-order'
  | 'too-many-requests'
  | 'peer-not-reading';

/** The peer broke the protocol or one of the limits. Its connection is closed; nobody else notices. */
export class DovecotProtocolError extends Error {
  readonly code: ProtocolErrorCode;

  constructor(code: ProtocolErrorCode, message: string) {
    super(message);
    this.name = 'DovecotProtocolError';
    this.code = code;
  }
}
