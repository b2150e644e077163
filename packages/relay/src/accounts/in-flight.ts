import { hash } from 'node:crypto';
import type { LoginAttempt } from '@postern/dovecot-auth';

interface Shared<T> {
  readonly result: Promise<T>;
  readonly abort: AbortController;
  waiting: number;
}

/** Lets attempts with the same user and password, made at the same time, share one piece of work. */
export class InFlight<T> {
  readonly #running = new Map<string, Shared<T>>();

  /** @param work is told to stop when none of those who share it wait any more. */
  async share(attempt: LoginAttempt, work: (attempt: LoginAttempt) => Promise<T>): Promise<T> {
    const id = hash('sha256', Buffer.concat([Buffer.from(`${attempt.user}\n`), attempt.password]), 'base64url');
    const shared = this.#running.get(id) ?? this.#start(id, attempt, work);
    const leave = (): void => {
      shared.waiting -= 1;
      if (shared.waiting > 0) return;
      shared.abort.abort();
      this.#forget(id, shared);
    };
    shared.waiting += 1;
    attempt.signal.addEventListener('abort', leave, { once: true });
    if (attempt.signal.aborted) leave();
    try {
      return await shared.result;
    } finally {
      attempt.signal.removeEventListener('abort', leave);
    }
  }

  #start(id: string, attempt: LoginAttempt, work: (attempt: LoginAttempt) => Promise<T>): Shared<T> {
    const abort = new AbortController();
    const shared: Shared<T> = { result: work({ ...attempt, signal: abort.signal }), abort, waiting: 0 };
    this.#running.set(id, shared);
    const forget = (): void => this.#forget(id, shared);
    shared.result.then(forget, forget);
    return shared;
  }

  #forget(id: string, shared: Shared<T>): void {
    if (this.#running.get(id) === shared) this.#running.delete(id);
  }
}
