export { type Config, isMailDomain, isPrivateDomain } from './config/config.ts';
export { ConfigError, defaultConfigPath, loadConfig, parseConfig } from './config/load.ts';
