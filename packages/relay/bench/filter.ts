import { createLog, startService } from '../src/running.ts';
import { benchmarkRelay } from './settings.ts';

/** The filter as it runs in a relay, for measuring: `filter.ts FOLDER WORKERS`, on sockets that it inherits. */
const [folder = '', workers] = process.argv.slice(2);
await startService('filter', await benchmarkRelay(folder, Number(workers)), createLog('filter'));
