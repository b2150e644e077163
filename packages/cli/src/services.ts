import { fileURLToPath } from 'node:url';
import {
  cleanQueue,
  createLog,
  loadConfig,
  prepare,
  relaySupervisor,
  runExpiryHourly,
  type Service,
  serviceNames,
  startService,
  type ServiceName,
} from '@postern/relay/running';
import type { CommandModule } from 'yargs';

const main = fileURLToPath(new URL(`main${import.meta.filename.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url));

/** `postern prepare`: folders, certificate and the configuration of Postfix and Dovecot. */
export const prepareCommand: CommandModule<object, { config?: string }> = {
  command: 'prepare',
  describe: 'make folders, certificate and the configuration of Postfix and Dovecot',
  async handler({ config: path }) {
    await prepare(loadConfig(path), createLog('prepare'));
  },
};

/** `postern supervise`: everything that the relay consists of, until a signal. */
export const superviseCommand: CommandModule<object, { config?: string }> = {
  command: 'supervise',
  describe: 'run Postfix, Dovecot and all services of the relay until stopped',
  async handler({ config: path }) {
    const config = loadConfig(path);
    const chosen = path === undefined ? [] : ['--config', path];
    const postern: [string, ...string[]] = [process.execPath, ...process.execArgv, main, ...chosen];
    const log = createLog('relay');
    // Dovecot tells it of full mailboxes, so it is there first.
    const expiry = await runExpiryHourly(config, [...postern, 'expire', '--log'], log);
    const supervisor = relaySupervisor(config, [...postern, 'serve'], log);
    supervisor.start();
    const cleaning = cleanQueue(config, log);
    await stopSignal();
    await Promise.all([cleaning.stop(), expiry.stop()]);
    await supervisor.stop();
  },
};

/** `postern serve NAME`: one service in the foreground, for the supervisor or a service manager. */
export const serveCommand: CommandModule<object, { config?: string; service: ServiceName }> = {
  command: 'serve <service>',
  describe: 'run one service of the relay until stopped',
  builder: (yargs) => yargs.positional('service', { choices: serviceNames, demandOption: true }),
  async handler({ config: path, service: name }) {
    const service: Service = await startService(name, loadConfig(path), createLog(name));
    await stopSignal();
    await service.stop();
  },
};

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
}
