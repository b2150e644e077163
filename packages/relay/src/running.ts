// What it takes to run a relay, and no more: a service that runs for months need not hold the operator's tools in memory.
export type { Config } from './config/config.ts';
export { isMailDomain, isPrivateDomain } from './config/mail-domain.ts';
export { ConfigError, defaultConfigPath, loadConfig, parseConfig } from './config/load.ts';
export { masked } from './config/masking.ts';
export { cleanQueue } from './services/abandoned-mail.ts';
export { runExpiryHourly } from './services/expiry-runs.ts';
export { createLog, type Log } from './services/log.ts';
export { relaySupervisor, serviceNames, type ServiceName } from './services/programs.ts';
export type { Service } from './services/service.ts';
export { startService } from './services/start-service.ts';
export { prepare, SetupError } from './setup/prepare.ts';
