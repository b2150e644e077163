import { createLog, parseConfig, startService } from '../src/running.ts';

/**
 * The filter as it runs in a relay, for measuring: `filter.ts DATA_FOLDER WORKERS`, on sockets that it inherits. The
 * limits count as ever, but are so high that no benchmark meets them.
 */
const [folder = '', workers = '1'] = process.argv.slice(2);
const config = parseConfig(
  `domain = "bench.example"\ndata = "${folder}"\nrun = "${folder}"\nfilter.workers = ${workers}`,
  'the benchmark',
);
const unlimited = 1e12;
await startService(
  'filter',
  {
    ...config,
    limits: { ...config.limits, messagesPerMinute: unlimited, recipientsPerHour: unlimited, bytesPerDay: unlimited },
  },
  createLog('filter'),
);
