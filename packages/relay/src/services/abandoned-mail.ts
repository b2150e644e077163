import { readdir, readFile, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import { layoutOf } from '../setup/layout.ts';
import type { Log } from './log.ts';
import { redact } from './mail-log.ts';
import { reasonOf, type Service } from './service.ts';

const intervalMs = 20_000;
/** Whoever still writes is asked only about files that are older: a message takes less, mostly. */
const youngMs = 10_000;
/** Postfix's daemon that writes queue files, as the kernel calls it. */
const postfixWriter = 'cleanup';

/** Looks for abandoned mail all the time, from the start on. */
export function cleanQueue(config: Config, log: Log): Service {
  const incoming = join(layoutOf(config).queue, 'incoming');
  const clean = async (): Promise<void> => {
    try {
      const removed = await removeAbandonedMail(incoming, { nowMs: Date.now() });
      if (removed > 0) log('queue.cleaned', { removed });
    } catch (error) {
      log('queue.not-cleaned', { error: redact(reasonOf(error)) });
    }
  };
  const timer = setInterval(() => void clean(), intervalMs);
  return {
    stop() {
      clearInterval(timer);
      return Promise.resolve();
    },
  };
}

/**
 * Deletes messages that nobody will finish writing. Postfix writes a message down before the filter has its say, and
 * makes its file executable when it was accepted (src/global/mail_stream.c); of a daemon that is killed meanwhile the
 * file stays, maybe with readable text, for a week and until somebody calls `postsuper -p`. It was never accepted.
 *
 * @param folder the queue's `incoming`.
 * @returns how many there were.
 */
export async function removeAbandonedMail(
  folder: string,
  { nowMs, writer = postfixWriter }: { nowMs: number; writer?: string },
): Promise<number> {
  const unfinished: QueueFile[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const file = entry.isFile() ? await queueFile(join(entry.parentPath, entry.name)) : undefined;
    if (file !== undefined && file.isUnfinished && file.changedMs < nowMs - youngMs) unfinished.push(file);
  }
  if (unfinished.length === 0) return 0;
  // A file is open from its first moment until it is finished; one that was there before and is not open now is nobody's.
  const open = await openFiles(writer);
  let removed = 0;
  for (const { path, identity } of unfinished.filter((file) => !open.has(file.identity))) {
    const now = await queueFile(path);
    if (now === undefined || now.identity !== identity || !now.isUnfinished) continue; // finished while we looked
    await unlink(path);
    removed += 1;
  }
  return removed;
}

interface QueueFile {
  readonly path: string;
  /** The same by whichever path. */
  readonly identity: string;
  readonly isUnfinished: boolean;
  readonly changedMs: number;
}

/** @returns undefined when it has moved on. */
async function queueFile(path: string): Promise<QueueFile | undefined> {
  const ownerMayExecute = 0o100;
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return undefined;
  const { dev, ino, mode, mtimeMs } = found;
  return { path, identity: `${dev} ${ino}`, isUnfinished: (mode & ownerMayExecute) === 0, changedMs: mtimeMs };
}

/** The identities of all files that processes of a name have open. */
async function openFiles(name: string): Promise<ReadonlySet<string>> {
  const files = new Set<string>();
  for (const id of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
    const comm = await readFile(`/proc/${id}/comm`, 'utf8').catch(() => '');
    if (comm.trim() !== name) continue;
    for (const fd of await readdir(`/proc/${id}/fd`).catch(() => [])) {
      const file = await queueFile(`/proc/${id}/fd/${fd}`);
      if (file !== undefined) files.add(file.identity);
    }
  }
  return files;
}
