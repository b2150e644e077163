import { readFile, writeFile } from 'node:fs/promises';

const setting = '/proc/sys/fs/inotify/max_user_instances';

/** Two for each client that waits for mail on a big relay; the kernel's default of 128 ends all notifications early. */
const enoughInstances = 65_536;

/** The limit is lower than it should be, and is not ours to raise. */
export interface LowInotifyLimit {
  readonly instances: number;
  /** What to do about it, in a sentence. */
  readonly advice: string;
}

/**
 * Makes sure that Dovecot may watch as many mailboxes as there are clients. The setting belongs to the whole machine,
 * all its containers included, so only root on the machine itself can raise it. Above it Dovecot looks for new mail
 * every half minute only.
 */
export async function raiseInotifyLimit(): Promise<LowInotifyLimit | undefined> {
  const instances = Number(await readFile(setting, 'utf8'));
  if (instances >= enoughInstances) return undefined;
  try {
    await writeFile(setting, String(enoughInstances));
    return undefined;
  } catch {
    return {
      instances,
      advice: `Only about ${instances} clients at a time hear of new mail at once, because this machine allows no more. To raise that, as root on the machine itself: sysctl -w fs.inotify.max_user_instances=${enoughInstances}`,
    };
  }
}
