import { type ChildProcess, spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import type { Config } from '../config/config.ts';
import { layoutOf } from '../setup/layout.ts';
import { listenForFull } from './full-mailboxes.ts';
import type { Log } from './log.ts';
import type { Service } from './service.ts';

const firstRunMs = 5 * 60_000;
const intervalMs = 3_600_000;
/** A client that fills and empties its mailbox all the time keeps us no busier than this. */
const pauseMs = 2_000;
const stopGraceMs = 5_000;
const maxUsersAtOnce = 100;

/**
 * Starts `postern expire` every hour, and for mailboxes of which Dovecot says that they fill up, at once. Programs of
 * their own: what runs for seconds in an hour need not be in memory for the rest of it.
 *
 * @param command runs `postern expire`; addresses are to be added.
 */
export async function runExpiryHourly(
  config: Config,
  command: readonly [string, ...string[]],
  log: Log,
): Promise<Service> {
  const runs = new ExpiryRuns(command, log);
  const server = await listenForFull(layoutOf(config).fullSocket, (user) => runs.makeRoom(user));
  runs.start();
  return {
    async stop() {
      server.close();
      await runs.stop();
    },
  };
}

class ExpiryRuns {
  readonly #command: readonly [string, ...string[]];
  readonly #log: Log;
  readonly #full = new Set<string>();
  readonly #children = new Set<{ readonly child: ChildProcess; readonly ended: Promise<void> }>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #isMakingRoom = false;
  #isStopped = false;

  constructor(command: readonly [string, ...string[]], log: Log) {
    this.#command = command;
    this.#log = log;
  }

  start(): void {
    this.#after(firstRunMs, () => void this.#hourly());
  }

  makeRoom(user: string): void {
    if (this.#full.size < maxUsersAtOnce) this.#full.add(user); // the next threshold tells of the others again
    if (!this.#isMakingRoom) void this.#makeRoom();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const { child } of this.#children) child.kill('SIGTERM');
    // Whoever waits for a Dovecot that hangs loses nothing by being cut off.
    const cut = setTimeout(() => {
      for (const { child } of this.#children) child.kill('SIGKILL');
    }, stopGraceMs);
    await Promise.all([...this.#children].map(({ ended }) => ended));
    clearTimeout(cut);
  }

  async #makeRoom(): Promise<void> {
    this.#isMakingRoom = true;
    const users = [...this.#full];
    this.#full.clear();
    await this.#run(users);
    this.#after(pauseMs, () => {
      this.#isMakingRoom = false;
      if (this.#full.size > 0) void this.#makeRoom();
    });
  }

  async #hourly(): Promise<void> {
    await this.#run([]);
    this.#after(intervalMs, () => void this.#hourly());
  }

  async #run(users: readonly string[]): Promise<void> {
    if (this.#isStopped) return;
    const [file, ...args] = this.#command;
    const child = spawn(file, [...args, ...users], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const running = { child, ended: this.#endOf(child) };
    this.#children.add(running);
    if (users.length === 0 && child.pid !== undefined) yieldToOthers(child.pid);
    await running.ended;
    this.#children.delete(running);
  }

  #endOf(child: ChildProcess): Promise<void> {
    return new Promise((resolve) => {
      child.once('error', (error) => {
        this.#log('expiry.failed', { error: error.message });
        resolve();
      });
      child.once('exit', (code, signal) => {
        if (code !== 0 && !this.#isStopped) {
          this.#log('expiry.failed', { code: code ?? undefined, signal: signal ?? undefined });
        }
        resolve();
      });
    });
  }

  #after(delayMs: number, work: () => void): void {
    if (this.#isStopped) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, delayMs);
    this.#timers.add(timer);
  }
}

function yieldToOthers(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // It has ended already.
  }
}
