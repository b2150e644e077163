import { DoveadmError, loadConfig, runExpiry, runExpiryLogged, StoreError } from '@postern/relay';
import { createLog } from '@postern/relay/running';
import type { CommandModule } from 'yargs';
import { type CommonArguments, fail, print, printJson } from '../accounts/administration.ts';
import { progress } from '../accounts/progress.ts';
import { sentences } from './words.ts';

type ExpireArguments = CommonArguments & {
  readonly addresses?: string[] | undefined;
  readonly dryRun?: boolean | undefined;
  readonly afterGap?: boolean | undefined;
  readonly json?: boolean | undefined;
  readonly log?: boolean | undefined;
};

/** `postern expire`: what a relay that runs does by itself every hour. */
export const expireCommand: CommandModule<object, ExpireArguments> = {
  command: 'expire [addresses..]',
  describe: 'remove mail that is too old or takes too much room, and accounts nobody uses',
  builder: (yargs) =>
    yargs
      .positional('addresses', {
        type: 'string',
        array: true,
        describe: 'only the mail of these; otherwise all that is due by now',
      })
      .option('dry-run', { type: 'boolean', describe: 'only say what would be removed' })
      .option('after-gap', { type: 'boolean', describe: 'also right after the relay was off, or its clock jumped' })
      .option('json', { type: 'boolean', describe: 'the report as a JSON object' })
      .option('log', { type: 'boolean', describe: "a line for the relay's log, if there is something to say" }),
  async handler(args) {
    const stop = new AbortController();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
    const shown = progress('looked at');
    const { addresses = [] } = args;
    const config = loadConfig(args.config);
    const run = {
      addresses: addresses.length === 0 ? undefined : addresses.map((address) => address.toLowerCase()),
      isDryRun: args.dryRun === true,
      isClockTrusted: args.afterGap === true,
      onProgress: shown.report,
      signal: stop.signal,
    };
    if (args.log === true) return await runExpiryLogged(config, run, createLog('expiry'));
    try {
      const report = await runExpiry(config, run).finally(shown.end);
      if (args.json === true) printJson(report ?? { restoring: true });
      else if (report === undefined)
        print('A backup is being put back: nothing is removed until "postern restore end".');
      else print(sentences(report, run.isDryRun).join('\n'));
      if (report !== undefined && report.failed > 0) process.exitCode = 1;
    } catch (error) {
      const isTold = error instanceof StoreError || error instanceof DoveadmError || error instanceof RangeError;
      if (!isTold) throw error;
      fail(error.message);
    }
  },
};
