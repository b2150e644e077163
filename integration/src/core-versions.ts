import { createRequire } from 'node:module';
import { arch } from 'node:process';
import { getRPCServerPath } from '@deltachat/stdio-rpc-server';

/** Before invites began an encrypted handshake, before channels, before the outside named nobody; each from another time. */
const olderCores = ['1.160', '2.33', '2.48'] as const;
export const newestCore = '2.57';
export type CoreVersion = (typeof olderCores)[number] | typeof newestCore;
export const allCores: readonly CoreVersion[] = [newestCore, ...olderCores];

/** The program of that version, as npm has it for this machine; for arm64 the first is 1.159.4. */
export function coreBinary(version: CoreVersion): string {
  if (version === newestCore) return getRPCServerPath();
  return createRequire(import.meta.url).resolve(`core-${version}-linux-${arch}/deltachat-rpc-server`);
}
