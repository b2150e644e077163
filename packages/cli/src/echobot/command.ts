import { join } from 'node:path';
import { qrTerminal } from '@postern/invite';
import { loadConfig } from '@postern/relay';
import type { CommandModule } from 'yargs';
import { ChatCore } from '../bench/chat-core.ts';
import { findCore } from '../bench/core-program.ts';
import { thisTerminal } from '../invite/command.ts';
import { EchoBot } from './bot.ts';
import { Pace } from './pace.ts';

interface EchoBotArguments {
  readonly config?: string | undefined;
  readonly code?: string | undefined;
  readonly folder?: string | undefined;
  readonly core?: string | undefined;
  readonly 'per-minute': number;
}

/** `postern echobot`: somebody to write to, who answers. */
export const echobotCommand: CommandModule<object, EchoBotArguments> = {
  command: 'echobot',
  describe: 'run a bot that says everything back, so that people can try whether the relay works',
  builder: (yargs) =>
    yargs
      .option('code', { type: 'string', requiresArg: true, describe: "where the bot's account is (DCACCOUNT:DOMAIN)" })
      .option('folder', { type: 'string', requiresArg: true, describe: 'keeps its account (DATA/echobot)' })
      .option('core', { type: 'string', requiresArg: true, describe: 'path of deltachat-rpc-server' })
      .option('per-minute', { type: 'number', default: 50, describe: 'answers at most so many; later ones wait' })
      .check((args) => {
        if (!(args['per-minute'] >= 1)) throw new Error('--per-minute is at least 1');
        return true;
      }),
  async handler(args) {
    const config = loadConfig(args.config);
    await using core = await ChatCore.start(await findCore(args.core), args.folder ?? join(config.data, 'echobot'));
    const bot = await EchoBot.start({
      core,
      code: args.code ?? `DCACCOUNT:${config.domain}`,
      pace: new Pace(args['per-minute'], () => performance.now()),
      onFailure: (error) => process.stderr.write(`echobot failed error=${JSON.stringify(String(error))}\n`),
    });
    const link = await bot.invite();
    const { write, hasColour } = thisTerminal();
    write(
      `\n${qrTerminal(link, { colour: hasColour })}\nScan this with Delta Chat, or open it where that is:\n\n${link}\n`,
    );
    const stopped = new Promise<'stopped'>((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve('stopped'));
    });
    const end = await Promise.race([stopped, core.ended.then(() => 'ended' as const)]);
    await bot.stop();
    if (end === 'ended') throw new Error('Delta Chat’s core has ended');
  },
};
