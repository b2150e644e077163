import { existsSync } from 'node:fs';

/** What makes Postfix's answers leave at once, one by one (docker/nodelay). */
export const noDelayLibrary = '/usr/local/lib/postern/nodelay.so';

/** Without it Postfix works, but clients wait 40 ms for every other answer. */
export function hasNoDelay(): boolean {
  return existsSync(noDelayLibrary);
}
