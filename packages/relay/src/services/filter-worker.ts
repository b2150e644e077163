import type { Config } from '../config/config.ts';
import type { FilterEvent } from '../mail/filter-events.ts';
import { type FromWorker, Outbox, type ToWorker, toWorker } from './filter-channel.ts';
import { logFilter } from './filter-log.ts';
import { openGate } from './filter-gate.ts';
import { Questions } from './filter-questions.ts';
import { createLog } from './log.ts';
import { type Count, countsOf } from './counts.ts';
import type { Service } from './service.ts';

/**
 * One worker: both filters on the held sockets, which all workers share, so that the kernel hands a connection to one
 * that is free. It ends when the main process says so, or is gone: without it nobody knows the limits.
 */
function main(): void {
  let questions: Questions | undefined;
  let gate: Promise<Service> | undefined;
  const counts = new CountBatch();
  process.on('disconnect', () => process.exit(1));
  // A signal for the whole group is the main process's to act on.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
  const receive = (message: ToWorker): void => {
    switch (message.kind) {
      case 'start':
        questions = new Questions((question) => outbox.say(question), message.config.limits.pacingSeconds * 1000);
        gate = start(message.config, questions, counts);
        return;
      case 'stop':
        void gate?.then((service) => service.stop()).then(() => counts.send(() => process.exit(0)));
        return;
      case 'permission':
      case 'setting':
      case 'standing':
        questions?.receive(message);
    }
  };
  process.on('message', (messages: unknown) => {
    for (const message of toWorker(messages)) receive(message);
  });
}

const outbox = new Outbox<FromWorker>((messages, sent) => {
  // The channel closes when the main process ends, and so do we.
  if (process.connected) process.send?.(messages, undefined, undefined, sent);
});

async function start(config: Config, questions: Questions, counts: CountBatch): Promise<Service> {
  const log = createLog('filter');
  const onEvent = (event: FilterEvent): void => {
    logFilter(event, log);
    for (const count of countsOf(event)) counts.add(count);
  };
  const gate = await openGate(config, { limiter: questions, users: questions, onEvent });
  outbox.say({ kind: 'ready' });
  return gate;
}

/** Nobody looks at counters more often. */
const countsIntervalMs = 200;

/** Counts travel together, a few times a second. */
class CountBatch {
  #counts: Count[] = [];

  add(count: Count): void {
    this.#counts.push(count);
    if (this.#counts.length === 1) setTimeout(() => this.send(), countsIntervalMs);
  }

  send(sent?: () => void): void {
    outbox.say({ kind: 'counts', counts: this.#counts });
    this.#counts = [];
    outbox.flush(sent);
  }
}

main();
