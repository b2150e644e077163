import { availableParallelism } from 'node:os';
import type { Config } from '../config/config.ts';
import type { FilterEvent } from '../mail/filter-events.ts';
import { layoutOf } from '../setup/layout.ts';
import { openStore } from '../store/store.ts';
import { openGate } from './filter-gate.ts';
import { openLimits } from './filter-limits.ts';
import { logFilter } from './filter-log.ts';
import { FilterPool } from './filter-pool.ts';
import { inheritedSockets } from './held-sockets.ts';
import type { Log } from './log.ts';
import { redact } from './mail-log.ts';
import { countsOf } from './counts.ts';
import { FilterMetrics } from './metrics.ts';
import { startMetricsServer } from './metrics-server.ts';
import { reasonOf, type Service } from './service.ts';
import { storeLocation } from './settings.ts';
import { askTallies } from './tally.ts';
import { UserFacts } from './user-facts.ts';

const userPatienceMs = 2_000;

/**
 * Decides about every message that users send and that other servers bring. With one worker everything happens in this
 * process; with several, they have the connections, and this process keeps limits and counters for them, and looks into the database.
 */
export async function startFilterService(config: Config, log: Log): Promise<Service> {
  const onEvent = (event: FilterEvent): void => {
    logFilter(event, log);
    for (const count of countsOf(event)) metrics.count(count);
  };
  let held = (): number => 0;
  const metrics = new FilterMetrics(() => held());
  const limits = await openLimits(config, onEvent);
  const { limiter } = limits;
  held = () => limiter.held;
  const users = new UserFacts(() => openStore(storeLocation(config), { patienceMs: userPatienceMs }));
  const sockets = inheritedSockets();
  const size = sockets.size === 0 ? 1 : workerCount(config); // without held sockets only one process can listen
  const gate = size === 1 ? await openGate(config, { limiter, users, onEvent }) : undefined;
  const pool = new FilterPool({
    config,
    size: size === 1 ? 0 : size,
    sockets,
    limiter,
    users,
    onCounts: (counts) => {
      for (const count of counts) metrics.count(count);
    },
    log,
  });
  await pool.start();
  const metricsServer = await startMetrics(metrics, config, log);
  return {
    async stop() {
      await Promise.all([gate?.stop(), pool.stop()]);
      await Promise.all([metricsServer?.stop(), limits[Symbol.asyncDispose](), users.close()]);
    },
  };
}

/**
 * `auto` is one for every two cores: Postfix spends more of them on a message than we do, and one worker needs nobody
 * else to know the limits (docs/limits.md has the figures).
 */
function workerCount({ filter }: Config): number {
  return filter.workers === 'auto' ? Math.max(1, Math.floor(availableParallelism() / 2)) : filter.workers;
}

/** Mail goes on without counters. */
async function startMetrics(metrics: FilterMetrics, config: Config, log: Log): Promise<Service | undefined> {
  if (config.metrics.port === undefined) return undefined;
  try {
    const others = layoutOf(config).heldSockets.filter(({ name }) => name.endsWith('-counts'));
    const read = async (): Promise<string> =>
      (await Promise.all([metrics.registry.metrics(), ...others.map(({ path }) => askTallies(path))])).join('');
    return await startMetricsServer(read, config.metrics.port);
  } catch (error) {
    log('metrics.unavailable', { error: redact(reasonOf(error)) });
    return undefined;
  }
}
