export { type Config, isMailDomain, isPrivateDomain } from './config/config.ts';
export { ConfigError, defaultConfigPath, loadConfig, parseConfig } from './config/load.ts';
export { createLog, type Log } from './services/log.ts';
export { relaySupervisor, serviceNames, type ServiceName } from './services/programs.ts';
export type { Service } from './services/service.ts';
export { accountSettings, storeLocation, webSettings } from './services/settings.ts';
export { startService } from './services/start-service.ts';
export { prepare, SetupError } from './setup/prepare.ts';
