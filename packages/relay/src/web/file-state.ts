import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** A value that changes whenever one of the files is rewritten, replaced, or a link to it points elsewhere. */
export function stateOfFiles(paths: readonly string[]): string {
  return paths.map((path) => stateOf(path)).join(' ');
}

/** The same for every file that lies directly in a folder, also one that comes or goes. */
export function stateOfFolder(folder: string): string {
  try {
    return readdirSync(folder)
      .toSorted()
      .map((name) => `${name}=${stateOf(join(folder, name))}`)
      .join(' ');
  } catch {
    return 'none';
  }
}

/**
 * Calls `changed` when the state is another than before. Looks again and again instead of waiting for notifications,
 * which do not come through symbolic links, bind mounts and network file systems: where certificates live.
 *
 * @returns stops watching.
 */
export function watchState(
  state: () => string,
  options: { readonly everyMs: number; readonly changed: () => void },
): () => void {
  let last = state();
  const timer = setInterval(() => {
    const now = state();
    if (now === last) return;
    last = now;
    options.changed();
  }, options.everyMs).unref();
  return () => clearInterval(timer);
}

function stateOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false, bigint: true });
  return stat === undefined ? 'none' : `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}`;
}
