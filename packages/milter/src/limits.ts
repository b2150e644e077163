/** What one filter takes from its peers. Every one may be overridden in `createMilter({ limits })`. */
export interface Limits {
  /** Connections at once; a further one is closed at once, which mail servers treat by their default action. */
  readonly connections: number;
  /** Header fields of one message; past it the message gets a temporary failure. */
  readonly headers: number;
  /** Bytes of all header fields of one message together. */
  readonly headerBytes: number;
  /** Recipients of one message. */
  readonly recipients: number;
  /** Macros in one list; the rest of the list is ignored. */
  readonly macros: number;
  /** How long a peer may take to negotiate. */
  readonly handshakeTimeoutMs: number;
  /** How long a connection may be silent while we owe no answer; 0 is for ever. */
  readonly idleTimeoutMs: number;
  /** How long a peer that does not read may hold up our answer. */
  readonly writeTimeoutMs: number;
}

export const defaultLimits: Limits = {
  // One SMTP client is one connection; Postfix's own default is 100 smtpd processes.
  connections: 10_000,
  // Postfix truncates at header_size_limit 102,400 bytes per field; real mail has some 30 fields.
  headers: 1000,
  headerBytes: 1024 * 1024,
  // Postfix: smtpd_recipient_limit 1000. Sendmail: unlimited by default.
  recipients: 10_000,
  // Sendmail sends at most 50 a stage (MAXFILTERMACROS).
  macros: 200,
  // Nothing is worked out before the offer, so that a slow one is a stranger.
  handshakeTimeoutMs: 30_000,
  // Postfix keeps our connection open as long as its client idles, also between messages: above every SMTP time-out.
  idleTimeoutMs: 3_600_000,
  // Postfix reads our answer at once; libmilter gives up after 7,210 s, which would pin memory.
  writeTimeoutMs: 30_000,
};

/** The longest frame before negotiation: an offer is 13 bytes; the rest allows for unknown trailing fields. */
export const maxOfferBytes = 64;
/** miltertest sends body chunks of 65,536 bytes, one more than the protocol's chunk; the command octet adds one. */
export const maxFrameBytes = 65_537;
/** Frames read ahead while a handler works, in bytes; past it the socket is paused. One read of Node's is 64 KiB. */
export const maxLookAheadBytes = 131_072;
/** Answers that the peer has not taken yet; past it nothing more is processed until it reads. */
export const maxUnsentBytes = 65_536;
/** Sendmail ends a message 300 s after its end, whatever progress is reported (SMFTO_EOM). */
export const defaultHandlerTimeoutMs = 270_000;
/** Postfix gives up after 30 s without a byte at the envelope stages (milter_command_timeout). */
export const defaultKeepAliveMs = 10_000;
/** Sendmail takes at most 50 macro names for a stage. */
export const maxRequestedMacros = 50;
/** Bytes of one reply line's text: libmilter smfi_setmlreply() MAXREPLYLEN. */
export const maxReplyLineBytes = 980;
/** Lines of one reply: libmilter smfi_setmlreply() MAXREPLIES. */
export const maxReplyLines = 32;
/** Postfix keeps 100 characters of a quarantine reason. milter8.c milter8_event() */
export const maxQuarantineReasonBytes = 100;
/** What one address may have, RFC 5321 §4.5.3.1.3 allows 256; ours is above everything that is used. */
export const maxAddressBytes = 1024;
