import { dnsSections, loadConfig, zoneLine } from '@postern/relay';
import type { CommandModule } from 'yargs';

/** `postern dns`: the DNS records of the relay, as a zone file has them. */
export const dnsCommand: CommandModule<object, { config?: string }> = {
  command: 'dns',
  describe: 'print the DNS records that the relay needs',
  async handler({ config: path }) {
    const sections = await dnsSections(loadConfig(path));
    const text = sections.map(({ why, records }) => [`; ${why}`, ...records.map(zoneLine)].join('\n')).join('\n\n');
    process.stdout.write(`${text === '' ? '; The domain of this relay is an address: it needs no DNS.' : text}\n`);
  },
};
