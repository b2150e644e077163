import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Config } from '../config/config.ts';
import { isPrivateDomain } from '../config/mail-domain.ts';
import { ensureCertificate } from './certificate.ts';
import { ensureDkimKeys } from './dkim-keys.ts';
import { dkimRecords, zoneLine } from './dns-records.ts';
import { dovecotConf, dovecotSeries } from './dovecot.ts';
import { raiseInotifyLimit } from './inotify.ts';
import { type Layout, layoutOf, mailUser, policyUser, serviceUser } from './layout.ts';
import { asksForPolicies, policyConf, wantsPolicies } from './mta-sts.ts';
import { hasNoDelay, noDelayLibrary } from './no-delay.ts';
import { hasNotifyPlugin } from './notify-plugin.ts';
import {
  asciiOnly,
  deliveryHeaders,
  loginMap,
  ownDomain,
  postfixMain,
  postfixMaster,
  submissionHeaders,
  tlsPolicy,
} from './postfix.ts';

const run = promisify(execFile);
const minimumFreeBytes = 200 * 1024 * 1024;

type Log = (event: string, facts: Readonly<Record<string, string | number>>) => void;

/** The machine is not fit to run a relay; the message says what and what to do. */
export class SetupError extends Error {
  override readonly name = 'SetupError';
}

/**
 * Makes everything that Postfix, Dovecot and our services find at their start: folders, certificate, configuration, and
 * the list of sockets for the holder. Needs root. Touches no file outside the `data` and `run` folders.
 *
 * @param log is told what makes the relay slower than it could be.
 * @throws SetupError
 */
export async function prepare(config: Config, log: Log = () => {}): Promise<Layout> {
  const layout = layoutOf(config);
  await prepareFolders(config, layout);
  await ensureCertificate(config, layout);
  await ensureDkimKeys(config, layout);
  // Other relays refuse what this one sends until they find this; a trial has no DNS.
  if (!isPrivateDomain(config.domain))
    for (const record of await dkimRecords(config)) log('dns.record', { publish: zoneLine(record) });
  const { stdout: version } = await run('dovecot', ['--version']);
  const installed = { series: dovecotSeries(version), hasNotifyPlugin: await hasNotifyPlugin(version) };
  if (!installed.hasNotifyPlugin) log('notify-plugin.absent', { dovecot: version.trim() });
  if (!hasNoDelay()) log('no-delay.absent', { library: noDelayLibrary });
  if (wantsPolicies(config) && !asksForPolicies(config)) log('mta-sts.absent', { package: 'postfix-mta-sts-resolver' });
  const inotify = await raiseInotifyLimit();
  if (inotify !== undefined) log('inotify.low', { ...inotify });
  await writeFile(layout.dovecotConf, dovecotConf(config, layout, installed));
  await writeFile(layout.policyConf, policyConf(layout));
  const postfixFiles = {
    'main.cf': postfixMain(config, layout),
    'master.cf': postfixMaster(layout),
    'login-map': loginMap,
    'ascii-only': asciiOnly,
    'submission-headers': submissionHeaders(config),
    'delivery-headers': deliveryHeaders,
    'tls-policy': tlsPolicy,
    'own-domain': ownDomain(config),
  };
  for (const [name, text] of Object.entries(postfixFiles)) await writeFile(join(layout.postfixFolder, name), text);
  await writeFile(
    layout.heldSocketsList,
    layout.heldSockets.map(({ name, path, mode, group }) => `${name}=${path}:${mode}:${group}\n`).join(''),
  );
  return layout;
}

async function prepareFolders(config: Config, layout: Layout): Promise<void> {
  const folder = async (path: string, mode: number, uid = 0, gid = uid): Promise<void> => {
    await mkdir(path, { recursive: true });
    await chmod(path, mode);
    await chown(path, uid, gid);
  };
  try {
    // The store's files (database, write-ahead log, keys) lie directly in `data`, which is therefore the service's own.
    await folder(config.data, 0o755, serviceUser.uid);
    await folder(layout.mail, 0o700, mailUser.uid);
    await folder(layout.queue, 0o755);
    await folder(layout.dkimFolder, 0o700, serviceUser.uid);
    await folder(dirname(layout.policyCache), 0o700, policyUser.uid);
    await folder(join(config.data, 'page'), 0o755); // the operator's own texts, colours and logo
    await folder(config.run, 0o755);
    await folder(layout.newMailFolder, 0o700, serviceUser.uid);
    // What an earlier run left there, process ids among it, would only mislead.
    await rm(join(config.run, 'dovecot'), { recursive: true, force: true });
    await folder(layout.postfixFolder, 0o755);
    await rm(layout.policySocket, { force: true });
    await folder(dirname(layout.policySocket), 0o755, policyUser.uid);
  } catch (cause) {
    throw new SetupError(
      `${config.data}: cannot be prepared as the data folder: ${cause instanceof Error ? cause.message : String(cause)}. The relay starts as root and needs a file system with owners and modes.`,
      { cause },
    );
  }
  const { bavail, bsize } = await statfs(config.data);
  if (bavail * bsize < minimumFreeBytes) {
    throw new SetupError(
      `${config.data}: only ${Math.floor((bavail * bsize) / 1_000_000)} MB are free; a relay needs at least ${minimumFreeBytes / 1_000_000} MB. Free some, or move the data folder.`,
    );
  }
}
