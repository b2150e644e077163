import { explainPolicy } from '@postern/relay';
import type { CommandModule } from 'yargs';

const explainCommand: CommandModule = {
  command: 'explain',
  describe: 'every case that the relay tells apart, what it does, and what the other side reads',
  handler: () => {
    process.stdout.write(`${explainPolicy()}\n`);
  },
};

/** `postern policy`: what is accepted and what is refused. */
export const policyCommand: CommandModule = {
  command: 'policy',
  describe: 'say which mail is accepted and which is refused',
  builder: (yargs) =>
    yargs.command(explainCommand).demandCommand(1, 'What about the policy? Try "postern policy explain".'),
  handler: () => {},
};
