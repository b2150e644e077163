import type { Trick } from '../trick.ts';
import { armorTricks } from './armor.ts';
import { headerTricks } from './header.ts';
import { multipartTricks } from './multipart.ts';
import { packetTricks } from './packets.ts';
import { secureJoinTricks } from './secure-join.ts';

/** Every trick, by the layer that it plays with. */
export const allTricks: ReadonlyMap<string, readonly Trick[]> = new Map([
  ['header', headerTricks],
  ['multipart', multipartTricks],
  ['armor', armorTricks],
  ['packets', packetTricks],
  ['secure-join', secureJoinTricks],
]);
