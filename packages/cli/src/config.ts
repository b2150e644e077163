import { defaultConfigPath, loadConfig, masked } from '@postern/relay/running';
import type { CommandModule } from 'yargs';

/** `postern config`: is the file fine, and what does it come to with all defaults? */
export const configCommand: CommandModule<object, { config?: string }> = {
  command: 'config',
  describe: 'check the configuration and show what it comes to',
  handler({ config: path = defaultConfigPath() }) {
    process.stdout.write(`${path} is fine:\n${JSON.stringify(loadConfig(path), masked, 2)}\n`);
  },
};
