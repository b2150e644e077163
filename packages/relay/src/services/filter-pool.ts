import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Config } from '../config/config.ts';
import type { Allowance, Limiter } from '../mail/limiter.ts';
import { type FromWorker, fromWorker, Outbox, type ToWorker } from './filter-channel.ts';
import type { Log } from './log.ts';
import type { Count } from './counts.ts';
import type { Service } from './service.ts';
import type { UserFacts } from './user-facts.ts';

export interface PoolOptions {
  readonly config: Config;
  readonly size: number;
  /** The held sockets by name, which every worker gets too. */
  readonly sockets: ReadonlyMap<string, number>;
  readonly limiter: Limiter;
  readonly users: UserFacts;
  readonly onCounts: (counts: readonly Count[]) => void;
  readonly log: Log;
}

const firstRestartDelayMs = 50;
const maxRestartDelayMs = 5_000;
const healthyAfterMs = 10_000;
/** Longer than a gate drains. */
const stopGraceMs = 15_000;
const entry = fileURLToPath(
  new URL(`./filter-worker${import.meta.filename.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
);

/** Keeps so many workers running. What one that crashed had reserved is free again at once. */
export class FilterPool implements Service {
  readonly #options: PoolOptions;
  readonly #workers = new Set<ChildProcess>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #isStopping = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Resolves when all workers listen. */
  async start(): Promise<void> {
    await Promise.all(Array.from({ length: this.#options.size }, () => this.#run(firstRestartDelayMs)));
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const timer of this.#timers) clearTimeout(timer);
    await Promise.all(
      [...this.#workers].map(async (worker) => {
        const ended = new Promise((resolve) => worker.once('exit', resolve));
        tell(worker, [{ kind: 'stop' }]);
        const cut = setTimeout(() => worker.kill('SIGKILL'), stopGraceMs);
        await ended;
        clearTimeout(cut);
      }),
    );
  }

  /**
   * @param delayMs how long to wait before the next start when this one ends soon.
   * @param wantedAt since when a worker is missing.
   */
  #run(delayMs: number, wantedAt?: number): Promise<void> {
    const { config, sockets, log } = this.#options;
    const startedAt = performance.now();
    const { LISTEN_PID: _, ...env } = process.env; // that was us
    const worker = fork(entry, [], {
      stdio: ['ignore', 'inherit', 'inherit', ...sockets.values(), 'ipc'],
      env: { ...env, LISTEN_FDS: String(sockets.size), LISTEN_FDNAMES: [...sockets.keys()].join(':') },
    });
    const office = new Office(worker, this.#options);
    this.#workers.add(worker);
    tell(worker, [{ kind: 'start', config }]);
    return new Promise((resolve) => {
      worker.on('message', (messages: unknown) => {
        for (const message of fromWorker(messages)) {
          if (message.kind !== 'ready') {
            office.receive(message);
            continue;
          }
          if (wantedAt !== undefined) log('worker.back', { afterMs: Math.round(performance.now() - wantedAt) });
          resolve();
        }
      });
      worker.on('error', (error) => log('worker.failed', { error: error.message }));
      worker.once('exit', (code, signal) => {
        this.#workers.delete(worker);
        office.close();
        resolve();
        if (this.#isStopping) return;
        log('worker.ended', { code: code ?? undefined, signal: signal ?? undefined });
        const endedAt = performance.now();
        const waitMs = endedAt - startedAt > healthyAfterMs ? firstRestartDelayMs : delayMs;
        const timer = setTimeout(() => {
          this.#timers.delete(timer);
          void this.#run(Math.min(waitMs * 2, maxRestartDelayMs), endedAt);
        }, waitMs);
        this.#timers.add(timer);
      });
    });
  }
}

/** Answers one worker's questions. */
class Office {
  readonly #answers: Outbox<ToWorker>;
  readonly #options: PoolOptions;
  readonly #open = new Map<number, Allowance>();

  constructor(worker: ChildProcess, options: PoolOptions) {
    this.#answers = new Outbox((messages) => tell(worker, messages));
    this.#options = options;
  }

  receive(message: Exclude<FromWorker, { readonly kind: 'ready' }>): void {
    switch (message.kind) {
      case 'ask':
        void this.#ask(message);
        return;
      case 'settle': {
        const allowance = this.#open.get(message.allowance);
        this.#open.delete(message.allowance);
        if (message.spent === null) allowance?.refund();
        else allowance?.commit(message.spent);
        return;
      }
      case 'refuses':
        void this.#refuses(message.question, message.address);
        return;
      case 'standing':
        void this.#standing(message.question, message.address);
        return;
      case 'counts':
        this.#options.onCounts(message.counts);
    }
  }

  /** The worker is gone, and its messages with it. */
  close(): void {
    for (const allowance of this.#open.values()) allowance.refund();
    this.#open.clear();
  }

  async #ask({ question, allowance: id, key, demand }: Extract<FromWorker, { readonly kind: 'ask' }>): Promise<void> {
    const allowance = this.#open.get(id) ?? this.#options.limiter.open(key);
    this.#open.set(id, allowance);
    this.#answers.say({ kind: 'permission', question, permission: await allowance.ask(demand) });
  }

  async #refuses(question: number, address: string): Promise<void> {
    const refuses = await this.#options.users.refuses(address).catch(() => null);
    this.#answers.say({ kind: 'setting', question, refuses });
  }

  async #standing(question: number, address: string): Promise<void> {
    const standing = await this.#options.users.standing(address).catch(() => ({ kind: 'unknown' }) as const);
    this.#answers.say({ kind: 'standing', question, standing });
  }
}

function tell(worker: ChildProcess, messages: readonly ToWorker[]): void {
  if (worker.connected) worker.send(messages, () => {});
}
