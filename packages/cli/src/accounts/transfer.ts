import { once } from 'node:events';
import { open } from 'node:fs/promises';
import type { CommandModule } from 'yargs';
import { type CommonArguments, fail, print, printJson, withAccounts } from './administration.ts';
import { confirm } from './confirm.ts';
import { type FilterArguments, filterOf, filterOptions } from './filters.ts';
import { progress } from './progress.ts';

type ExportArguments = CommonArguments & FilterArguments & { readonly file?: string | undefined };

/** Writes accounts with the hashes of their passwords: what is written is as secret as the database. */
export const exportCommand: CommandModule<object, ExportArguments> = {
  command: 'export [file]',
  describe: 'write accounts with their hashed passwords, one JSON object per line',
  builder: (yargs) =>
    filterOptions(yargs).positional('file', { type: 'string', describe: 'a new file; standard output without it' }),
  handler: (args) =>
    withAccounts(args, async (accounts) => {
      const { file: path } = args;
      // Never over something that is there, and for nobody else to read.
      const file = path === undefined ? undefined : await openNew(path);
      if (path !== undefined && file === undefined) return;
      const output = file === undefined ? process.stdout : file.createWriteStream();
      const shown = progress('written');
      let count = 0;
      for await (const account of accounts.export(filterOf(args))) {
        count += 1;
        shown.report(count);
        if (!output.write(`${JSON.stringify(account)}\n`)) await once(output, 'drain');
      }
      shown.end();
      if (file === undefined) return;
      output.end();
      await once(output, 'finish');
      print(`${count} accounts written to ${path}. The file holds their hashed passwords: keep it safe.`);
    }),
};

type ImportArguments = CommonArguments & {
  readonly source: string;
  readonly dryRun?: boolean | undefined;
  readonly yes?: boolean | undefined;
  readonly json?: boolean | undefined;
};

export const importCommand: CommandModule<object, ImportArguments> = {
  command: 'import <source>',
  describe: 'add accounts from an export, or from a chatmail relay',
  builder: (yargs) =>
    yargs
      .positional('source', {
        type: 'string',
        demandOption: true,
        describe: "an export, a chatmail relay's mail folder (/home/vmail/mail/DOMAIN), or its old passdb.sqlite",
      })
      .option('dry-run', { type: 'boolean', describe: 'only say what would be done' })
      .option('yes', { type: 'boolean', alias: 'y', describe: 'do not ask' })
      .option('json', { type: 'boolean', describe: 'the report as a JSON object' }),
  handler: (args) =>
    withAccounts(args, async (accounts) => {
      const run = async (isDryRun: boolean): ReturnType<typeof accounts.import> => {
        const shown = progress(isDryRun ? 'read' : 'imported');
        try {
          return await accounts.import(args.source, { isDryRun, onProgress: shown.report });
        } catch (error) {
          throw isMissingFile(error) ? new RangeError(`${args.source}: there is no such file or folder.`) : error;
        } finally {
          shown.end();
        }
      };
      const plan = await run(true);
      const report = (done: typeof plan, words: string): void => {
        if (args.json === true) printJson(done);
        else print(summary(done, words));
      };
      if (args.dryRun === true) return report(plan, 'would be added');
      if (plan.added === 0) return report(plan, 'added');
      if (args.json !== true) print(summary(plan, 'would be added'));
      if (await confirm(`Add ${plan.added} accounts?`, args)) report(await run(false), 'added');
    }),
};

interface Summary {
  readonly added: number;
  readonly same: number;
  readonly kept: number;
  readonly locked: number;
  readonly refused: readonly { readonly where: string; readonly why: string }[];
}

const shownRefusals = 20;

function summary({ added, same, kept, locked, refused }: Summary, words: string): string {
  return [
    `${added} ${words}${locked === 0 ? '' : `, ${locked} of them locked: their passwords cannot be checked`}`,
    `${same} there already`,
    ...(kept === 0 ? [] : [`${kept} there already with another password, left as they are`]),
    ...(refused.length === 0 ? [] : [`${refused.length} refused:`]),
    ...refused.slice(0, shownRefusals).map(({ where, why }) => `  ${where}: ${why}`),
    ...(refused.length > shownRefusals ? [`  and ${refused.length - shownRefusals} more (--json lists all)`] : []),
  ].join('\n');
}

async function openNew(path: string): Promise<Awaited<ReturnType<typeof open>> | undefined> {
  try {
    return await open(path, 'wx', 0o600);
  } catch (error) {
    fail(
      `${path}: ${error instanceof Error && 'code' in error && error.code === 'EEXIST' ? 'is there already' : String(error)}`,
    );
    return undefined;
  }
}

function isMissingFile(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
