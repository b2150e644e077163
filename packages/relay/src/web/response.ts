/** An answer before it is written: plain data. */
export interface WebResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Uint8Array;
  /** The body again, compressed, for who can read it. */
  readonly brotli?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

export function textResponse(body: string, status = 200): WebResponse {
  return { status, contentType: 'text/plain; charset=utf-8', body, headers: { 'Cache-Control': 'no-store' } };
}

export function jsonResponse(
  value: unknown,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): WebResponse {
  return {
    status,
    contentType: 'application/json',
    body: `${JSON.stringify(value)}\n`,
    headers: { 'Cache-Control': 'no-store', ...headers },
  };
}

/** Nothing may run, load, frame or leak. Styles are allowed one by one, by their hash, where a page has them. */
export function strictHeaders(options: { readonly hasPublicCertificate: boolean }): Readonly<Record<string, string>> {
  return {
    'Content-Security-Policy': contentSecurityPolicy([]),
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'no-referrer',
    'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), browsing-topics=()',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    // With a self-signed certificate it would lock visitors out (RFC 6797 §8.1, §11.3).
    ...(options.hasPublicCertificate && { 'Strict-Transport-Security': 'max-age=31536000' }),
  };
}

/** @param styleHashes of inline style elements, as `sha256-BASE64`. */
export function contentSecurityPolicy(styleHashes: readonly string[]): string {
  const styles = styleHashes.map((hash) => `'${hash}'`).join(' ');
  return [
    "default-src 'none'",
    "img-src 'self'",
    `style-src ${styles === '' ? "'none'" : styles}`,
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}
