import { isBlockCipher128, nonceLength } from './session-key.ts';

/** Octets at the start of an encrypted data packet that say how it is encrypted. */
export const encryptedDataHeadBytes = 4;

/** Version, prefix of a 64-bit-block cipher (8 + 2), the smallest literal packet (8), and the MDC packet (22): RFC 9580 §5.13.1. */
const minVersion1Bytes = 1 + 10 + 8 + 22;

/** Version, cipher, mode, chunk size and salt: RFC 9580 §5.13.2. */
const version2HeadBytes = 4 + 32;
const tagBytes = 16;
const smallestPacketBytes = 8;

/** The version of a Symmetrically Encrypted and Integrity Protected Data packet, or undefined when its head cannot be real. */
export function encryptedDataVersion(head: Uint8Array): 1 | 2 | undefined {
  if (head[0] === 1) return 1;
  const [version, cipher, mode, chunkSize] = head;
  const isReal =
    version === 2 &&
    isBlockCipher128(cipher) &&
    nonceLength(mode) !== undefined &&
    chunkSize !== undefined &&
    chunkSize <= 16; // larger ones must be refused: RFC 9580 §5.13.2
  return isReal ? 2 : undefined;
}

/** Whether a packet of this head and total length can be real: every chunk of AEAD has its tag, and one more closes the last. */
export function isEncryptedDataLength(head: Uint8Array, length: number): boolean {
  if (head[0] === 1) return length >= minVersion1Bytes;
  const chunks = length - version2HeadBytes - tagBytes;
  if (chunks < smallestPacketBytes + tagBytes) return false;
  const chunkBytes = 2 ** ((head[3] ?? 0) + 6);
  const rest = chunks % (chunkBytes + tagBytes);
  return rest === 0 || rest > tagBytes;
}
