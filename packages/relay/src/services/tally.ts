import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Service } from './service.ts';

const patienceMs = 1_000;

/**
 * A counter with one label, of a service that has no metrics server: it tells its counts to the one that has. The values
 * of the label are words out of our own sources.
 * Source of the form: Prometheus, text exposition format 0.0.4.
 */
export class Tally {
  readonly #name: string;
  readonly #help: string;
  readonly #label: string;
  readonly #counts = new Map<string, number>();

  constructor(name: string, help: string, label: string) {
    this.#name = name;
    this.#help = help;
    this.#label = label;
  }

  count(value: string): void {
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + 1);
  }

  toString(): string {
    const values = [...this.#counts].map(([value, count]) => `${this.#name}{${this.#label}="${value}"} ${count}\n`);
    return `# HELP ${this.#name} ${this.#help}\n# TYPE ${this.#name} counter\n${values.join('')}`;
  }
}

/** Writes all counts to whoever connects to a listening socket that was handed to us. */
export async function tellTallies(tallies: readonly Tally[], fd: number): Promise<Service> {
  const server = createServer((socket: Socket) => {
    socket.on('error', () => {}).setTimeout(patienceMs, () => socket.destroy());
    socket.end(tallies.join(''));
  });
  server.listen({ fd });
  await once(server, 'listening');
  return {
    async stop() {
      server.close();
      await once(server, 'close');
    },
  };
}

/** What {@link tellTallies} wrote at the other end; nothing when that service is just not there. */
export async function askTallies(path: string): Promise<string> {
  const socket = connect(path);
  socket.setTimeout(patienceMs, () => socket.destroy(new Error('no answer')));
  return await text(socket).catch(() => '');
}
