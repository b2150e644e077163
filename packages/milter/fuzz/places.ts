import { connect } from 'node:net';
import { join } from 'node:path';
import { type Clock, systemClock } from '../src/clock.ts';
import { MilterConnection } from '../src/connection.ts';
import { createMilter } from '../src/index.ts';
import { compile } from '../src/program.ts';
import type { FuzzedConversation } from './conversations.ts';
import type { FuzzedFilter } from './filters.ts';
import type { MailServerSocket } from './mail-server.ts';
import { MemorySocket } from './memory-socket.ts';

/** Where the fuzzed filters are, and mail servers find them. */
export interface Place extends AsyncDisposable {
  open(conversation: FuzzedConversation): MailServerSocket;
  readonly connections: number;
  /** Of the filters, besides those of their sockets. */
  readonly timers: number;
}

/** On unix sockets, one for each filter. */
export async function onSockets(filters: readonly FuzzedFilter[], folder: string): Promise<Place> {
  const path = (index: number): string => join(folder, `${index}.sock`);
  const servers = await Promise.all(filters.map((filter, index) => createMilter(filter).listen({ path: path(index) })));
  return {
    open: ({ filter }) => connect(path(filter)),
    get connections() {
      return servers.reduce((sum, server) => sum + server.connections, 0);
    },
    timers: 0, // part of what the process has left at the end
    async [Symbol.asyncDispose]() {
      for (const server of servers) await server.close({ drainMs: 0 });
    },
  };
}

/** In memory: everything but the listening and the kernel. */
export function inMemory(filters: readonly FuzzedFilter[]): Place {
  const programs = filters.map(compile);
  let id = 0;
  let connections = 0;
  const timers = new Set<NodeJS.Timeout>();
  const clock: Clock = {
    now: () => systemClock.now(),
    after(delayMs, callback) {
      const timer = setTimeout(() => {
        timers.delete(timer);
        callback();
      }, delayMs);
      timers.add(timer);
      return () => {
        timers.delete(timer);
        clearTimeout(timer);
      };
    },
  };
  return {
    open({ filter, transport }) {
      const program = programs[filter];
      if (program === undefined) throw new RangeError(`there is no filter ${filter}`);
      const [near, far] = MemorySocket.pair(transport === 'tcp' ? '192.0.2.1' : undefined);
      id += 1;
      connections += 1;
      void new MilterConnection({ id, socket: near, program, clock }).closed.then(() => (connections -= 1));
      return far;
    },
    get connections() {
      return connections;
    },
    get timers() {
      return timers.size;
    },
    async [Symbol.asyncDispose]() {},
  };
}
