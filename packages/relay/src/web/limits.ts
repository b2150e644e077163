/** Every limit of the web server. A visitor needs one connection, one request, and no body at all. */
export const webLimits = {
  /** Request line and headers; browsers send less than 2 KB, and we set no cookies. */
  headerBytes: 8192,
  headerCount: 64,
  /** `POST /new` has no body; some clients send a few bytes of form data or `{}` all the same. */
  bodyBytes: 1024,
  /** From the first byte of TLS to the last of the handshake. */
  handshakeMs: 10_000,
  /** From the start of a request to the end of its headers. */
  headersMs: 10_000,
  /** From the start of a request to the end of its body, which is a message of 30 MB if it is mail. */
  requestMs: 60_000,
  keepAliveMs: 5_000,
  /** However it is used; a page is 60 KB at most, which the slowest network carries in this time. */
  connectionMs: 60_000,
  requestsPerConnection: 100,
  /** Web connections, over all visitors: about 50 KB of memory each while TLS is being set up. */
  webConnections: 4096,
  /** Web connections of one IPv4 address or IPv6 /64: many people may share one, a browser opens six. */
  webConnectionsPerSource: 128,
  /** A ClientHello with post-quantum keys has about 1.8 KB; RFC 8446 §5.1 lets one record have 16 KB. */
  clientHelloBytes: 16_645,
  /** Until IMAP or SMTP takes over a connection. */
  upstreamConnectMs: 5_000,
  /** How long requests under way may take when the server stops. */
  drainMs: 5_000,
} as const;

export type WebLimits = { readonly [Name in keyof typeof webLimits]: number };
