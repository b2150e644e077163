import type { Config } from '../config/config.ts';
import { startAuthService } from './auth-service.ts';
import { startFilterService } from './filter-service.ts';
import type { Log } from './log.ts';
import type { ServiceName } from './programs.ts';
import type { Service } from './service.ts';
import { startWebService } from './web-service.ts';

/** Starts one of our services in this process. */
export function startService(name: ServiceName, config: Config, log: Log): Promise<Service> {
  switch (name) {
    case 'auth':
      return startAuthService(config, log);
    case 'filter':
      return startFilterService(config, log);
    case 'web':
      return startWebService(config, log);
  }
}
