/** Where the checksum starts (RFC 9580 §6.1.1). */
export const crc24Start = 0xb7_04_ce;

const generator = 0x1_86_4c_fb;

/** `register · x^bits` modulo the generator polynomial. */
export function crc24Shift(register: number, bits: number): number {
  let shifted = register;
  for (let bit = 0; bit < bits; bit += 1) {
    shifted <<= 1;
    if ((shifted & 0x1_00_00_00) !== 0) shifted ^= generator;
  }
  return shifted;
}

/** The register that {@link crc24Shift} by as many bits brings back to `register`. */
export function crc24Unshift(register: number, bits: number): number {
  let shifted = register;
  for (let bit = 0; bit < bits; bit += 1) {
    if ((shifted & 1) !== 0) shifted ^= generator;
    shifted >>>= 1;
  }
  return shifted;
}

/** A group of four base64 characters is 24 bits, just as wide as the register: two 12-bit look-ups advance it by three bytes. */
const high = Int32Array.from({ length: 4096 }, (_, bits) => crc24Shift(bits << 12, 24));
const low = Int32Array.from({ length: 4096 }, (_, bits) => crc24Shift(bits, 24));

/** Advances the checksum by three bytes, given as one 24-bit number. */
export function crc24Group(register: number, group: number): number {
  const mixed = register ^ group;
  return (high[mixed >>> 12] ?? 0) ^ (low[mixed & 0xfff] ?? 0);
}

/** Advances the checksum by one byte. */
export function crc24Byte(register: number, byte: number): number {
  return crc24Shift(register ^ (byte << 16), 8);
}
