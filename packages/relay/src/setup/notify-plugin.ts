import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The plugin that tells waiting clients of new mail without Dovecot's half second (docker/notify). */
export const notifyPlugin = 'postern_notify';

const moduleFolder = '/usr/lib/dovecot/modules';

/**
 * Whether the notify plugin is there and was compiled for exactly the Dovecot that is installed. Any other would keep
 * every client out: imap ends when a plugin in its list does not fit (lib/module-dir.c).
 *
 * @param version what `dovecot --version` prints.
 */
export async function hasNotifyPlugin(version: string, folder: string = moduleFolder): Promise<boolean> {
  try {
    const builtFor = await readFile(join(folder, `${notifyPlugin}.version`), 'utf8');
    return builtFor.trim() === version.trim();
  } catch {
    return false;
  }
}
