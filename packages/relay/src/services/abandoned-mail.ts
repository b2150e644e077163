import { readdir, readFile, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import { layoutOf } from '../setup/layout.ts';
import type { Log } from './log.ts';
import { redact } from './mail-log.ts';
import { reasonOf, type Service } from './service.ts';

const intervalMs = 10_000;
/** Postfix's daemon that writes queue files, as the kernel calls it. */
const postfixWriter = 'cleanup';

/** Looks for abandoned mail from now on. */
export function cleanQueue(config: Config, log: Log): Service {
  const abandoned = new AbandonedMail(join(layoutOf(config).queue, 'incoming'));
  const clean = async (): Promise<void> => {
    try {
      const removed = await abandoned.remove();
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
 * Messages that nobody will finish writing. Postfix writes a message down before the filter has its say, and makes its
 * file executable when it was accepted (src/global/mail_stream.c); of a daemon that is killed meanwhile the file stays,
 * maybe with readable text, for a week and until somebody calls `postsuper -p`. It was never accepted.
 *
 * Whoever may still write a file was running when it was first seen. So a file is nobody's when all of those have ended,
 * which Postfix's daemons do after a while. No clock is asked, and what they have open, which a container may not know.
 */
export class AbandonedMail {
  readonly #folder: string;
  readonly #writer: string;
  /** Who was running when an unfinished file was first seen. */
  #suspects = new Map<string, ReadonlySet<string>>();

  /** @param folder the queue's `incoming`. */
  constructor(folder: string, writer: string = postfixWriter) {
    this.#folder = folder;
    this.#writer = writer;
  }

  /** Call it now and then. @returns how many were removed. @throws when a folder cannot be read: then none is removed. */
  async remove(): Promise<number> {
    const files = await unfinishedFiles(this.#folder);
    const running = files.size === 0 ? new Set<string>() : await processesNamed(this.#writer);
    const before = this.#suspects;
    this.#suspects = new Map([...files.keys()].map((file) => [file, before.get(file) ?? running]));
    let removed = 0;
    for (const [file, path] of files) {
      const suspects = before.get(file);
      if (suspects === undefined || [...suspects].some((process) => running.has(process))) continue;
      if (!(await isUnfinished(path, file))) continue; // finished, and then its writer ended
      await unlink(path);
      removed += 1;
    }
    return removed;
  }
}

/** Device and inode, by which a file is known under any name, and a path to it. */
async function unfinishedFiles(folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const file = entry.isFile() ? await identityOfUnfinished(path) : undefined;
    if (file !== undefined) files.set(file, path);
  }
  return files;
}

async function isUnfinished(path: string, file: string): Promise<boolean> {
  return (await identityOfUnfinished(path)) === file;
}

async function identityOfUnfinished(path: string): Promise<string | undefined> {
  const ownerMayExecute = 0o100;
  const found = await stat(path).catch(() => undefined); // it may have moved on
  if (found === undefined || (found.mode & ownerMayExecute) !== 0) return undefined;
  return `${found.dev} ${found.ino} ${found.birthtimeMs}`;
}

/** Process ids with the time of their start, since ids are used again: proc_pid_stat(5), fields 1, 2 and 22. */
async function processesNamed(name: string): Promise<ReadonlySet<string>> {
  const processes = new Set<string>();
  for (const id of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
    const text = await readFile(`/proc/${id}/stat`, 'latin1').catch(hasEnded);
    const [, command, fields = ''] = /^\d+ \((.*)\) (.*)$/s.exec(text) ?? [];
    if (command === name) processes.add(`${id} ${fields.split(' ')[19]}`);
  }
  return processes;
}

/** Not to know whether somebody writes is no reason to believe that nobody does. */
function hasEnded(error: unknown): '' {
  if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return '';
  throw error;
}
