import type { Config } from '../config/config.ts';
import type { Log } from './log.ts';
import type { ServiceName } from './programs.ts';
import type { Service } from './service.ts';

/** Starts one of our services in this process; only its own modules are loaded. */
export async function startService(name: ServiceName, config: Config, log: Log): Promise<Service> {
  switch (name) {
    case 'auth':
      return await (await import('./auth-service.ts')).startAuthService(config, log);
    case 'filter':
      return await (await import('./filter-service.ts')).startFilterService(config, log);
    case 'web':
      return await (await import('./web-service.ts')).startWebService(config, log);
  }
}
