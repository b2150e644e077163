import type { Argv, CommandModule } from 'yargs';
import { checkCorpus } from './corpus.ts';
import { checkFiles } from './files.ts';
import { parseServer } from './smtp.ts';

interface CheckArguments {
  readonly files?: string[] | undefined;
  readonly incoming: boolean;
  readonly explain: boolean;
  readonly json: boolean;
  readonly corpus: boolean;
  readonly smtp?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly to?: string | undefined;
  readonly 'implicit-tls': boolean;
  readonly insecure: boolean;
}

/** `postern check`: what the encryption check finds in messages, or what any relay makes of the corpus of tricks. */
export const checkCommand: CommandModule<object, CheckArguments> = {
  command: 'check [files..]',
  describe: 'see whether messages are end-to-end encrypted, and why not; or try a relay with the corpus of tricks',
  builder: (yargs) => corpusOptions(fileOptions(yargs)),
  async handler(args) {
    process.exitCode = args.corpus
      ? await checkCorpus({
          server: parseServer(args.smtp ?? ''),
          user: args.user ?? '',
          password: args.password ?? '',
          to: args.to ?? args.user ?? '',
          startsWithTls: args['implicit-tls'],
          acceptsAnyCertificate: args.insecure,
          isJson: args.json,
        })
      : await checkFiles(args.files ?? [], {
          direction: args.incoming ? 'incoming' : 'outgoing',
          explains: args.explain,
          isJson: args.json,
        });
  },
};

function fileOptions(yargs: Argv): Argv<Pick<CheckArguments, 'files' | 'incoming' | 'explain' | 'json'>> {
  return yargs
    .positional('files', { type: 'string', array: true, describe: 'messages; standard input when none is named' })
    .option('incoming', { type: 'boolean', default: false, describe: 'judge as mail from elsewhere' })
    .option('explain', { type: 'boolean', default: false, describe: 'show headers, parts, packets and the place' })
    .option('json', { type: 'boolean', default: false, describe: 'print JSON' })
    .example('$0 check --explain message.eml', 'exit code 0: encrypted, 1: not, 2: unusable');
}

function corpusOptions<Known>(
  yargs: Argv<Known>,
): Argv<Known & Pick<CheckArguments, 'corpus' | 'smtp' | 'user' | 'password' | 'to' | 'implicit-tls' | 'insecure'>> {
  return yargs
    .option('corpus', {
      type: 'boolean',
      default: false,
      describe: 'send every trick and every genuine message to a relay',
    })
    .option('smtp', { type: 'string', requiresArg: true, describe: 'HOST:PORT of the relay; TLS at once on port 465' })
    .option('user', { type: 'string', requiresArg: true, describe: 'an address there' })
    .option('password', { type: 'string', requiresArg: true, describe: 'its password' })
    .option('to', { type: 'string', requiresArg: true, describe: 'the recipient (the address itself)' })
    .option('implicit-tls', { type: 'boolean', default: false, describe: 'TLS from the first byte on any port' })
    .option('insecure', { type: 'boolean', default: false, describe: 'accept any certificate' })
    .check((args) => {
      if (args.corpus && [args.smtp, args.user, args.password].includes(undefined)) {
        return '--corpus needs --smtp, --user and --password';
      }
      if (args.corpus && parseServer(args.smtp ?? '') === undefined) return '--smtp must be HOST:PORT';
      return true;
    });
}
