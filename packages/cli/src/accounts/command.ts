import type { CommandModule } from 'yargs';
import { blockCommand, unblockCommand } from './blocking.ts';
import { deleteCommand } from './delete.ts';
import { listCommand, showCommand } from './list.ts';
import { exportCommand, importCommand } from './transfer.ts';

/** `postern accounts`: who is here. */
export const accountsCommand: CommandModule = {
  command: 'accounts',
  describe: 'list, show, block, delete, export and import accounts',
  builder: (yargs) =>
    yargs
      .command(listCommand)
      .command(showCommand)
      .command(blockCommand)
      .command(unblockCommand)
      .command(deleteCommand)
      .command(exportCommand)
      .command(importCommand)
      .demandCommand(1, 'What about the accounts? The list is above.'),
  handler: () => {},
};
