import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { createMilter, type Milter, type MilterEvent, type MilterOptions, type MilterServer } from '../src/index.ts';

/** A folder of its own for each test. */
export let folder = '';
/** Where its filter listens. */
export let path = '';
export const events: MilterEvent[] = [];

/** For the test file that calls it. */
export function prepareEachTest(): void {
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'milter-'));
    path = join(folder, 'filter.sock');
    events.length = 0;
  });
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close({ drainMs: 0 });
    await rm(folder, { recursive: true, force: true });
  });
}

const servers: MilterServer[] = [];
/** To be closed after the test. */
export function opened(server: MilterServer): MilterServer {
  servers.push(server);
  return server;
}

type Options = Omit<MilterOptions<never, undefined, undefined>, 'name'>;
const watchers = new Set<() => void>();
export const gate = (options: Options): Milter =>
  createMilter({
    name: 'gate',
    onEvent: (event) => {
      events.push(event);
      for (const look of watchers) look();
    },
    ...options,
  });

/** Settles when such an event has come. */
export async function seen(kind: MilterEvent['kind']): Promise<void> {
  await new Promise<void>((resolve) => {
    const look = (): void => {
      if (!events.some((event) => event.kind === kind)) return;
      watchers.delete(look);
      resolve();
    };
    watchers.add(look);
    look();
  });
}
