/** What can be wrong with an invite, whether it is being built or read. */
export type InviteProblem =
  | 'address'
  | 'certificate-checks'
  | 'domain'
  | 'double-slash'
  | 'host'
  | 'letter'
  | 'parameter'
  | 'password'
  | 'port'
  | 'scheme'
  | 'security'
  | 'too-long'
  | 'url'
  | 'version';

/** Thrown when an invite cannot be built from what was given; reading one answers with a value instead. */
export class InviteError extends Error {
  override readonly name = 'InviteError';
  readonly code: InviteProblem;

  constructor(code: InviteProblem, message: string) {
    super(message);
    this.code = code;
  }
}
