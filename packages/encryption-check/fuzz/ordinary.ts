import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encryptedMessage, secureJoinRequest } from '../scripts/message.ts';

const maxBytes = 8000;

/** Messages to start from: the smaller genuine ones of the corpus, and what the builder makes. */
export function ordinaryMessages(): Buffer[] {
  const directory = join(import.meta.dirname, '../corpus/genuine');
  const genuine = readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.eml'))
    .toSorted()
    .map((file) => readFileSync(join(directory, file)));
  return [encryptedMessage(), secureJoinRequest(), ...genuine.filter((raw) => raw.length <= maxBytes)];
}
