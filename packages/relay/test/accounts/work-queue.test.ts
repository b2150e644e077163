import { describe, expect, it } from 'vitest';
import { OverloadError, WorkQueue } from '../../src/accounts/work-queue.ts';

const never = new AbortController().signal;

interface Task {
  readonly run: () => Promise<string>;
  readonly finish: () => void;
  readonly started: Promise<void>;
  isStarted: boolean;
}

function task(): Task {
  let start: () => void = () => {};
  let finish: () => void = () => {};
  const started = new Promise<void>((resolve) => {
    start = resolve;
  });
  const done = new Promise<string>((resolve) => {
    finish = () => resolve('done');
  });
  const made: Task = {
    run: async () => {
      made.isStarted = true;
      start();
      return await done;
    },
    finish,
    started,
    isStarted: false,
  };
  return made;
}

describe('the queue for costly work', () => {
  it('runs so many at once, and the others in the order in which they came', async () => {
    const queue = new WorkQueue({ maxConcurrent: 2, maxQueued: 10, deadlineMs: 60_000 });
    const tasks = [task(), task(), task(), task()];
    const results = tasks.map(({ run }) => queue.run(run, never));
    expect(tasks.map(({ isStarted }) => isStarted)).toEqual([true, true, false, false]);
    expect(queue.isIdle).toBe(false);
    tasks[1]?.finish();
    await tasks[2]?.started;
    expect(tasks.map(({ isStarted }) => isStarted)).toEqual([true, true, true, false]);
    for (const { finish } of tasks) finish();
    expect(await Promise.all(results)).toEqual(['done', 'done', 'done', 'done']);
    expect(queue.isIdle).toBe(true);
  });

  it('never runs more than so many, even when one comes in the moment in which another ends', async () => {
    const queue = new WorkQueue({ maxConcurrent: 1, maxQueued: 10, deadlineMs: 60_000 });
    const [first, second, third] = [task(), task(), task()];
    const running = queue.run(first.run, never);
    const waiting = queue.run(second.run, never);
    const late = running.then(() => queue.run(third.run, never));
    first.finish();
    await second.started;
    expect(third.isStarted).toBe(false);
    second.finish();
    third.finish();
    await Promise.all([waiting, late]);
    expect(queue.isIdle).toBe(true);
  });

  it('is full at some point', async () => {
    const queue = new WorkQueue({ maxConcurrent: 1, maxQueued: 1, deadlineMs: 60_000 });
    const tasks = [task(), task()];
    const results = tasks.map(({ run }) => queue.run(run, never));
    await expect(queue.run(task().run, never)).rejects.toBeInstanceOf(OverloadError);
    for (const { finish } of tasks) finish();
    await Promise.all(results);
  });

  it('lets nobody wait beyond the deadline', async () => {
    const queue = new WorkQueue({ maxConcurrent: 1, maxQueued: 1, deadlineMs: 10 });
    const [first, second] = [task(), task()];
    const running = queue.run(first.run, never);
    await expect(queue.run(second.run, never)).rejects.toThrow('no password check was free within 10 ms');
    first.finish();
    await running;
    expect(second.isStarted).toBe(false);
  });

  it('drops what nobody waits for any more', async () => {
    const queue = new WorkQueue({ maxConcurrent: 1, maxQueued: 1, deadlineMs: 60_000 });
    const [first, second] = [task(), task()];
    const leaving = new AbortController();
    const running = queue.run(first.run, never);
    const waiting = queue.run(second.run, leaving.signal);
    leaving.abort();
    await expect(waiting).rejects.toBeInstanceOf(OverloadError);
    await expect(queue.run(task().run, leaving.signal)).rejects.toBeInstanceOf(OverloadError);
    first.finish();
    await running;
    expect(second.isStarted).toBe(false);
    expect(queue.isIdle).toBe(true);
  });

  it('goes on after a task that failed', async () => {
    const queue = new WorkQueue({ maxConcurrent: 1, maxQueued: 1, deadlineMs: 60_000 });
    const failing = queue.run(async () => await Promise.reject(new RangeError('no')), never);
    const next = queue.run(async () => 'yes', never);
    await expect(failing).rejects.toThrow('no');
    expect(await next).toBe('yes');
  });
});
