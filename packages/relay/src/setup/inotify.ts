import { readFile, writeFile } from 'node:fs/promises';

const setting = '/proc/sys/fs/inotify/max_user_instances';

/** Two for each client that waits for mail on a big relay; the kernel's default of 128 ends all notifications early. */
const enoughInstances = 65_536;

/**
 * Makes sure that Dovecot may watch as many mailboxes as there are clients. The setting belongs to the whole machine,
 * all its containers included, so only root on the machine itself can raise it.
 *
 * @returns what to tell the operator when it is too low and could not be raised.
 */
export async function raiseInotifyLimit(): Promise<string | undefined> {
  const instances = Number(await readFile(setting, 'utf8'));
  if (instances >= enoughInstances) return undefined;
  try {
    await writeFile(setting, String(enoughInstances));
    return undefined;
  } catch {
    return `Only ${instances} clients at a time will hear of new mail at once, because the kernel allows no more (fs.inotify.max_user_instances). To raise that, as root: sysctl -w fs.inotify.max_user_instances=${enoughInstances}`;
  }
}
