/** RFC 4648 §4, and nothing else: decoders that take the URL alphabet or skip odd characters read something different. */
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** A bit that no sextet has. */
export const notBase64 = 64;

/** The value of every byte as a base64 character, or {@link notBase64}. */
export const sextets: Uint8Array = new Uint8Array(256).fill(notBase64);
for (let value = 0; value < alphabet.length; value += 1) sextets[alphabet.charCodeAt(value)] = value;

/** What four characters of base64 stand for, as one 24-bit number; negative when one is no base64. */
export function base64Group(text: string): number {
  let group = 0;
  for (let at = 0; at < 4; at += 1) {
    const sextet = sextets[text.charCodeAt(at) & 0xff] ?? notBase64;
    if (sextet === notBase64) return -1;
    group = (group << 6) | sextet;
  }
  return group;
}
