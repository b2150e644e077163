import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { SmtpError, Submission } from './smtp.ts';
import type { Login, Reply, Server } from './smtp.ts';

export interface CorpusOptions extends Login {
  readonly server: Server | undefined;
  readonly to: string;
  readonly isJson: boolean;
}

interface Entry {
  readonly file: string;
  readonly isTrick: boolean;
  readonly says: string;
  readonly isToPass: boolean;
  /** Whether a relay may pass it because what it passes on is encrypted: it repaired line ends or header lines first. */
  readonly isRepairable: boolean;
}

interface Result extends Entry {
  readonly code: number;
  readonly text: string;
  readonly verdict: 'right' | 'repaired' | 'let through' | 'refused' | 'deferred';
}

/** A relay that limits the rate is asked again; ten minutes are longer than any window we know. */
const maxWaitSeconds = 600;
const usualWaitSeconds = 5;

/** Mail servers slow a session down that makes many mistakes, Postfix from its tenth (smtpd_soft_error_limit). */
const maxRefusalsInSession = 8;

/**
 * Submits the whole corpus to a relay and prints the tricks that it lets through and the genuine mail that it refuses.
 * @returns 0 when there is neither, 1 when there is, 2 when the relay cannot be used.
 */
export async function checkCorpus(options: CorpusOptions): Promise<number> {
  const { server, user, to, isJson } = options;
  if (server === undefined) return 2;
  const results: Result[] = [];
  try {
    let session = await Submission.open(server, options);
    let refusals = 0;
    for (const entry of await readManifest()) {
      if (refusals === maxRefusalsInSession) {
        session[Symbol.dispose]();
        session = await Submission.open(server, options);
        refusals = 0;
      }
      const raw = addressed(await readFile(corpusPath(entry.file)), user);
      let reply = await session.send(user, to, raw);
      for (let waited = 0; isTemporary(reply) && waited < maxWaitSeconds;) {
        const seconds = session.isLost ? 0 : waitSeconds(reply);
        waited += seconds + 1;
        await wait(seconds * 1000);
        if (session.isLost) session = await Submission.open(server, options);
        reply = await session.send(user, to, raw);
      }
      if (reply.code >= 400) refusals += 1;
      const result: Result = { ...entry, code: reply.code, text: reply.text, verdict: verdict(entry, reply) };
      results.push(result);
      if (!isJson && !isFine(result)) process.stdout.write(`${renderResult(result)}\n`);
    }
    session[Symbol.dispose]();
  } catch (error) {
    if (!(error instanceof SmtpError)) throw error;
    process.stderr.write(`postern: ${server.host}:${server.port}: ${error.message}\n`);
    return 2;
  }
  process.stdout.write(isJson ? `${JSON.stringify(results, null, 2)}\n` : summary(results));
  return results.every((result) => isFine(result)) ? 0 : 1;
}

/** Genuine messages of kinds that users of a relay do not send are left out: relays may differ on them. */
async function readManifest(): Promise<Entry[]> {
  const manifest: unknown = JSON.parse(await readFile(corpusPath('manifest.json'), 'utf8'));
  if (!Array.isArray(manifest)) throw new TypeError('the manifest of the corpus is no list');
  return manifest
    .map(({ file, isTrick, isRepairable, says, outgoing }) => ({
      file: String(file),
      isTrick: isTrick === true,
      isRepairable: isRepairable === true,
      says: String(says),
      isToPass: outgoing.kind !== 'cleartext',
    }))
    .filter(({ file, isTrick, isToPass }) => isTrick || isToPass || file.includes('/delta-chat/'));
}

function corpusPath(file: string): string {
  return fileURLToPath(import.meta.resolve(`@postern/encryption-check/corpus/${file}`));
}

/** A relay refuses mail from another address than the user's, and that is not what is tried here. */
function addressed(raw: Buffer, user: string): Buffer {
  return Buffer.from(
    raw.toString('latin1').replace(/^From: [^\r\n]*/m, () => `From: <${user}>`),
    'latin1',
  );
}

function isTemporary({ code }: Reply): boolean {
  return code >= 400 && code < 500;
}

/** Postern's own limit names the seconds. */
function waitSeconds({ text }: Reply): number {
  return Math.min(maxWaitSeconds, Number(/(\d+) seconds/.exec(text)?.[1] ?? usualWaitSeconds));
}

function isFine({ verdict }: Result): boolean {
  return verdict === 'right' || verdict === 'repaired';
}

function verdict({ isToPass, isRepairable }: Entry, reply: Reply): Result['verdict'] {
  if (isTemporary(reply)) return 'deferred';
  if (reply.code < 400) return isToPass ? 'right' : isRepairable ? 'repaired' : 'let through';
  return isToPass ? 'refused' : 'right';
}

function renderResult({ file, says, isTrick, code, text, verdict }: Result): string {
  const what = isTrick ? `a reader would see: ${says}` : says;
  return `${verdict.toUpperCase()} ${file} (${what}): ${code} ${text.replaceAll(/[^\x20-\x7e]/g, ' ')}`;
}

function summary(results: readonly Result[]): string {
  const count = (matches: (result: Result) => boolean): number => results.filter((result) => matches(result)).length;
  const tricks = count(({ isTrick }) => isTrick);
  return (
    `${count(({ verdict }) => verdict === 'let through')} of ${results.length - count(({ isToPass }) => isToPass)} cleartext messages let through (${tricks} of them tricks), ` +
    `${count(({ verdict }) => verdict === 'refused')} of ${count(({ isToPass }) => isToPass)} genuine messages refused, ` +
    `${count(({ verdict }) => verdict === 'repaired')} repaired and passed on, ` +
    `${count(({ verdict }) => verdict === 'deferred')} deferred\n`
  );
}
