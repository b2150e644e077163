import type { CleartextReason } from '../reasons.ts';

export interface PacketHeader {
  readonly kind: 'header';
  readonly tag: number;
  /** Length of the body, or of its first piece. */
  readonly length: number;
  /** Whether `length` counts a piece that is followed by another length (RFC 9580 §4.2.1.4). */
  readonly isPartial: boolean;
}

/** What the bytes so far make: a header, a broken rule, or the beginning of one. */
export type HeaderReading =
  | PacketHeader
  | { readonly kind: 'broken'; readonly reason: CleartextReason }
  | { readonly kind: 'more' };

const more: HeaderReading = { kind: 'more' };

/** The packet type, known from the first byte (RFC 9580 §4.2), or undefined when it is no packet header. */
export function packetTag(first: number): number | undefined {
  if ((first & 0x80) === 0) return undefined;
  return (first & 0x40) === 0 ? (first >> 2) & 0x0f : first & 0x3f;
}

/** Reads a packet header, of the new or the legacy format. `bytes` hold one more octet at every call until it is whole. */
export function readPacketHeader(bytes: readonly number[]): HeaderReading {
  const first = bytes[0] ?? 0;
  const tag = packetTag(first);
  if (tag === undefined) return { kind: 'broken', reason: 'packet-header' };
  if ((first & 0x40) !== 0) {
    const length = readLength(bytes, 1);
    return length.kind === 'length'
      ? { kind: 'header', tag, length: length.length, isPartial: length.isPartial }
      : more;
  }
  // RFC 9580 §4.2.2: type 3 is the indeterminate length, which readers end where they like.
  const lengthType = first & 0x03;
  if (lengthType === 3) return { kind: 'broken', reason: 'packet-length' };
  const octets = 1 << lengthType;
  if (bytes.length <= octets) return more;
  return { kind: 'header', tag, length: bigEndian(bytes, 1), isPartial: false };
}

/** Reads a length of the new format (RFC 9580 §4.2.1) at `from`; `bytes` hold one more octet at every call until it is whole. */
export function readLength(
  bytes: readonly number[],
  from: number,
): { readonly kind: 'length'; readonly length: number; readonly isPartial: boolean } | { readonly kind: 'more' } {
  const first = bytes[from];
  if (first === undefined) return { kind: 'more' };
  if (first < 192) return { kind: 'length', length: first, isPartial: false };
  if (first < 224) {
    const second = bytes[from + 1];
    if (second === undefined) return { kind: 'more' };
    return { kind: 'length', length: ((first - 192) << 8) + second + 192, isPartial: false };
  }
  if (first < 255) return { kind: 'length', length: 2 ** (first & 0x1f), isPartial: true };
  return bytes.length < from + 5
    ? { kind: 'more' }
    : { kind: 'length', length: bigEndian(bytes, from + 1), isPartial: false };
}

function bigEndian(bytes: readonly number[], from: number): number {
  let value = 0;
  for (let at = from; at < bytes.length; at += 1) value = value * 256 + (bytes[at] ?? 0);
  return value;
}
