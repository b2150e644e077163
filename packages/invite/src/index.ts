export { accountLink, type AccountInvite, type AccountLinkOptions } from './account-link.ts';
export { InviteError, type InviteProblem } from './errors.ts';
export { needsLoginLink } from './hosts.ts';
export { loginLink, type CertificateChecks, type LoginInvite, type Security, type ServerAccess } from './login-link.ts';
export { parseInvite, type Invite } from './parse.ts';
export { qrPng, qrSvg, qrTerminal, type QrPngOptions, type QrSvgOptions, type QrTerminalOptions } from './qr.ts';
export { stepPictures } from './step-pictures.ts';
