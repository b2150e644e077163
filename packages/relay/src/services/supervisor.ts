import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { filteredOutput } from './filtered-output.ts';
import type { Log } from './log.ts';

/** A program that has to run as long as the relay does. */
export interface Program {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Held sockets that it gets as descriptors 3, 4, …, by name and by our own descriptor. */
  readonly sockets?: readonly { readonly name: string; readonly fd: number }[];
  /** Whom it runs as; ourselves when absent. */
  readonly user?: { readonly uid: number };
  /** More than our own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** What ends it: SIGTERM unless given. SIGKILL suits what has nothing to finish. */
  readonly stopSignal?: NodeJS.Signals;
  /** What of its output to keep; all of it when absent. */
  readonly keepLine?: (line: string) => string | undefined;
}

const firstRestartDelayMs = 100;
const maxRestartDelayMs = 5_000;
/** A program that ran for so long was well: its next end is not part of a crash loop. */
const healthyAfterMs = 10_000;
const stopGraceMs = 20_000;

/**
 * Keeps programs running: starts them in order, starts again whatever ends, and on stop ends them in reverse order,
 * first gently, after twenty seconds for good.
 */
export class Supervisor {
  readonly #programs: readonly Program[];
  readonly #log: Log;
  readonly #running = new Map<Program, { child: ChildProcess; ended: Promise<void> }>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #stopping: Promise<void> | undefined;

  constructor(programs: readonly Program[], log: Log) {
    this.#programs = programs;
    this.#log = log;
  }

  start(): void {
    for (const program of this.#programs) this.#run(program, firstRestartDelayMs);
  }

  /** Idempotent; settles when everything has ended. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  async #stopAll(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const program of this.#programs.toReversed()) {
      const running = this.#running.get(program);
      if (running === undefined) continue;
      running.child.kill(program.stopSignal ?? 'SIGTERM');
      const cut = setTimeout(() => running.child.kill('SIGKILL'), stopGraceMs);
      await running.ended;
      clearTimeout(cut);
    }
  }

  #run(program: Program, delayMs: number): void {
    const startedAt = performance.now();
    const child = spawnProgram(program);
    const ended = new Promise<void>((resolve) => {
      child.once('error', (error) => {
        this.#log('program.failed', { program: program.name, error: error.message });
        resolve();
      });
      child.once('exit', (code, signal) => {
        if (this.#stopping === undefined) {
          this.#log('program.ended', { program: program.name, code: code ?? undefined, signal: signal ?? undefined });
        }
        resolve();
      });
    });
    this.#running.set(program, { child, ended });
    void ended.then(() => {
      this.#running.delete(program);
      if (this.#stopping !== undefined) return;
      const waitMs = performance.now() - startedAt > healthyAfterMs ? firstRestartDelayMs : delayMs;
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        this.#run(program, Math.min(waitMs * 2, maxRestartDelayMs));
      }, waitMs);
      this.#timers.add(timer);
    });
  }
}

function spawnProgram({ command, args, sockets = [], user, env, keepLine }: Program): ChildProcess {
  const output = keepLine === undefined ? undefined : filteredOutput(keepLine);
  const { LISTEN_PID: _, LISTEN_FDS: _fds, LISTEN_FDNAMES: _names, ...inherited } = process.env;
  try {
    return spawn(command, args, {
      stdio: ['ignore', output ?? 'inherit', output ?? 'inherit', ...sockets.map(({ fd }) => fd)],
      env: {
        ...inherited,
        ...(sockets.length > 0 && {
          LISTEN_FDS: String(sockets.length),
          LISTEN_FDNAMES: sockets.map(({ name }) => name).join(':'),
        }),
        ...env,
      },
      ...(user !== undefined && { uid: user.uid, gid: user.uid }),
    });
  } finally {
    if (output !== undefined) closeSync(output);
  }
}
