import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Count } from './counts.ts';

/** The counters of the filter, in the form that Prometheus reads. */
export class FilterMetrics {
  readonly registry: Registry = new Registry();
  readonly #messages = this.#counter('postern_messages_total', 'Messages by verdict and reason.', [
    'door',
    'verdict',
    'reason',
  ]);
  readonly #encryption = this.#counter('postern_encryption_total', 'Accepted encrypted messages, by kind of key.', [
    'door',
    'to',
    'seipd',
  ]);
  readonly #failures = this.#counter('postern_filter_failures_total', 'Failures of the filter by kind.', ['kind']);
  readonly #storeErrors = this.#counter('postern_store_errors_total', 'Questions that a store did not answer.', [
    'store',
  ]);
  readonly #held: Histogram = new Histogram({
    name: 'postern_held_seconds',
    help: 'How long messages were held so that their sender stays within the limit.',
    buckets: [0.1, 0.5, 1, 2, 5, 10, 20, 30],
    registers: [this.registry],
  });
  readonly #stages: Histogram<'door' | 'stage'> = new Histogram({
    name: 'postern_filter_seconds',
    help: 'How long Postfix waited for an answer, by stage.',
    labelNames: ['door', 'stage'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1, 5, 30],
    registers: [this.registry],
  });

  /** @param held tells how many messages are held at the moment. */
  constructor(held: () => number) {
    const gauge: Gauge = new Gauge({
      name: 'postern_held_messages',
      help: 'Messages held right now.',
      registers: [this.registry],
      collect: (): void => gauge.set(held()),
    });
  }

  count(count: Count): void {
    switch (count.name) {
      case 'message':
        this.#messages.inc({ door: count.door, verdict: count.verdict, reason: count.reason });
        return;
      case 'encryption':
        this.#encryption.inc({ door: count.door, to: count.to, seipd: count.seipd });
        return;
      case 'held':
        this.#held.observe(count.seconds);
        return;
      case 'stage':
        this.#stages.observe({ door: count.door, stage: count.stage }, count.seconds);
        return;
      case 'failure':
        this.#failures.inc({ kind: count.kind });
        return;
      case 'store-error':
        this.#storeErrors.inc({ store: count.store }, count.times);
    }
  }

  #counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
    return new Counter({ name, help, labelNames: [...labelNames], registers: [this.registry] });
  }
}
