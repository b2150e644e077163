/** Stable names of what a mail server (or a stranger on the socket) can do wrong. */
export type ProtocolErrorCode =
  | 'frame-empty'
  | 'frame-too-long'
  | 'field-missing'
  | 'field-unterminated'
  | 'unknown-command'
  | 'unknown-family'
  | 'bad-address'
  | 'not-negotiated'
  | 'negotiated-twice'
  | 'version-too-old'
  | 'action-not-offered';

/** The peer broke the protocol. The server reports it as one event and closes that connection; nothing else is affected. */
export class MilterProtocolError extends Error {
  override readonly name = 'MilterProtocolError';
  readonly code: ProtocolErrorCode;

  constructor(code: ProtocolErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** A handler took longer than `handlerTimeoutMs`; the message is answered with the `onError` verdict. */
export class HandlerTimeoutError extends Error {
  override readonly name = 'HandlerTimeoutError';
}

/** A limit was passed; the message is answered with a temporary failure. */
export class LimitError extends Error {
  override readonly name = 'LimitError';
  readonly limit: string;

  constructor(limit: string, message: string) {
    super(message);
    this.limit = limit;
  }
}

/** Why an edit was refused before a byte of it was sent. */
export type EditErrorCode =
  | 'not-declared'
  | 'not-end-of-message'
  | 'bad-header-name'
  | 'bad-header-value'
  | 'bad-index'
  | 'bad-address'
  | 'bad-parameter'
  | 'bad-reason'
  | 'too-large'
  | 'twice';

/** A handler asked for an edit that must not be sent: not declared, at the wrong time, or not a legal value. */
export class EditError extends Error {
  override readonly name = 'EditError';
  readonly code: EditErrorCode;

  constructor(code: EditErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
