import { type FSWatcher, watch, writeFileSync } from 'node:fs';
import { mkdir, readdir, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** Where a file is while its user is being announced. No address begins with a dot. */
const takenFolder = '.taken';
const defaultSweepMs = 10_000;
/** Clients that are connected hear of the mail first: until then the processor is theirs. */
const settleMs = 50;
/** Whoever writes ten messages in a row wakes nobody ten times, and has us look around twice. */
const restMs = 500;

/**
 * Leaves word, for whoever reads the folder, that a user got mail.
 *
 * @throws what the system throws when the file cannot be made.
 */
export function leaveWord(folder: string, user: string): void {
  if (user.startsWith('.')) return;
  try {
    writeFileSync(join(folder, user), '', { flag: 'wx' }); // follows no link: the folder is somebody else's
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

export interface ArrivalsOptions {
  /** In it lies a file named as the user, for each who got mail: see leaveWord(). */
  readonly folder: string;
  readonly announce: (user: string) => Promise<void>;
  /** An announcement failed; the file stays and is tried again after a pause. */
  readonly onFailure: (cause: unknown) => void;
  /** How long to pause after a failure, and how often to look without being told, in milliseconds. */
  readonly sweepMs?: number;
}

/**
 * Hears of new mail from files, which cost a delivery next to nothing, and which wait when nobody is there to hear. One
 * file stands for any number of messages: whoever is woken reads them all.
 */
export class Arrivals {
  readonly #options: ArrivalsOptions;
  readonly #taken: string;
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> | undefined;
  #isAgain = false;
  #isPausing = false;
  #isStopped = false;
  #restsUntil = 0;

  constructor(options: ArrivalsOptions) {
    this.#options = options;
    this.#taken = join(options.folder, takenFolder);
  }

  /** Takes up what came before. @throws what the system throws when the folder cannot be used. */
  async start(): Promise<void> {
    const { folder, sweepMs = defaultSweepMs } = this.#options;
    await mkdir(this.#taken, { recursive: true });
    try {
      this.#watcher = watch(folder, () => {
        if (!this.#isPausing) void this.#sweep();
      });
      this.#watcher.on('error', () => {}); // the timer is left
    } catch {
      // No inotify instance was left (fs.inotify.max_user_instances): news waits for the timer.
    }
    this.#timer = setInterval(() => void this.#sweep(), sweepMs).unref();
    void this.#sweep();
  }

  /** Finishes what it has begun. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#watcher?.close();
    clearInterval(this.#timer);
    await this.#sweeping;
  }

  #sweep(): Promise<void> {
    this.#isAgain = true;
    this.#sweeping ??= this.#sweepAll().finally(() => (this.#sweeping = undefined));
    return this.#sweeping;
  }

  async #sweepAll(): Promise<void> {
    while (this.#isAgain && !this.#isStopped) {
      await pause(Math.max(settleMs, this.#restsUntil - performance.now()));
      this.#isAgain = false;
      this.#isPausing = false;
      try {
        await this.#takeAll();
        for (const user of await filesIn(this.#taken)) {
          await this.#options.announce(user);
          await unlink(join(this.#taken, user));
        }
        this.#restsUntil = performance.now() + restMs;
      } catch (cause) {
        this.#isPausing = true;
        this.#options.onFailure(cause);
        return;
      }
    }
  }

  /** Out of the way first: mail that comes while its user is being announced is news again. */
  async #takeAll(): Promise<void> {
    const { folder } = this.#options;
    for (const user of await filesIn(folder)) await rename(join(folder, user), join(this.#taken, user));
  }
}

/** Whatever else lies there must not keep anybody from being told. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}
