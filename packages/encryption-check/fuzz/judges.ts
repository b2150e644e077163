import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { simpleParser } from 'mailparser';
import * as openpgp from 'openpgp';

/** What Python's email package says of a message, under one policy. */
interface Opinion {
  readonly type: string;
  readonly preamble: string;
  readonly epilogue: string;
  readonly defects: readonly string[];
  readonly parts: readonly { readonly type: string; readonly nested: boolean; readonly body: string }[];
}

/** The clients' fixed sentences, which incoming messages may have in front. */
const sentence = /^This is an OpenPGP\/MIME encrypted message \(RFC (?:4880|2440) and 3156\)$/;

/**
 * Three programs that were not written by us, asked the same question: two parts, nothing readable outside the second
 * one's armor, one encrypted message in it. Each gives its objection.
 */
export class Judges implements Disposable {
  readonly #python: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: AsyncIterator<string>;

  constructor() {
    this.#python = spawn('python3', [join(import.meta.dirname, 'judge.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#answers = createInterface(this.#python.stdout)[Symbol.asyncIterator]();
  }

  /** The objections of all three to calling this message encrypted; none when they agree. */
  async objections(raw: Buffer): Promise<string[]> {
    const objections: string[] = [];
    let armored: string | undefined;
    for (const opinion of await this.#askPython(raw)) {
      const objection = typeof opinion === 'string' ? opinion : objectionTo(opinion);
      if (objection !== undefined) objections.push(`python: ${objection}`);
      if (typeof opinion !== 'string') armored ??= opinion.parts[1]?.body;
    }
    const fromMailparser = await askMailparser(raw);
    if (fromMailparser !== undefined) objections.push(`mailparser: ${fromMailparser}`);
    const fromOpenpgp = await askOpenpgp(armored ?? '');
    if (fromOpenpgp !== undefined) objections.push(`openpgp: ${fromOpenpgp}`);
    return objections;
  }

  [Symbol.dispose](): void {
    this.#python.stdin.end();
  }

  async #askPython(raw: Buffer): Promise<readonly (Opinion | string)[]> {
    const head = Buffer.alloc(4);
    head.writeUInt32BE(raw.length);
    if (!this.#python.stdin.write(Buffer.concat([head, raw]))) await once(this.#python.stdin, 'drain');
    const answer = await this.#answers.next();
    if (answer.done === true) throw new Error('python3 has stopped');
    const said: Opinion[] | string = JSON.parse(answer.value);
    return typeof said === 'string' ? [said] : said;
  }
}

function objectionTo({ type, preamble, epilogue, defects, parts }: Opinion): string | undefined {
  if (type !== 'multipart/encrypted') return `type ${type}`;
  if (preamble.split(/\r?\n/).some((line) => line !== '' && !sentence.test(line))) return 'a preamble';
  if (epilogue.replaceAll('\r\n', '') !== '') return 'an epilogue';
  if (defects.length > 0) return defects.join(', ');
  const [version, data] = parts;
  if (parts.length !== 2 || version === undefined || data === undefined) return `${parts.length} parts`;
  if (version.nested || version.type !== 'application/pgp-encrypted') return `first part ${version.type}`;
  if (data.nested || data.type !== 'application/octet-stream') return `second part ${data.type}`;
  if (version.body.trim() !== 'Version: 1') return 'text in the first part';
  return isOnlyArmor(data.body) ? undefined : 'text around the armor';
}

function isOnlyArmor(body: string): boolean {
  const lines = body.split('\r\n').filter((line) => line !== '');
  const inner = lines.slice(1, -1).filter((line) => !line.startsWith('Version: '));
  return (
    lines[0] === '-----BEGIN PGP MESSAGE-----' &&
    lines.at(-1) === '-----END PGP MESSAGE-----' &&
    inner.every((line) => /^=?[0-9A-Za-z+/]+={0,2}$/.test(line))
  );
}

async function askMailparser(raw: Buffer): Promise<string | undefined> {
  try {
    const mail = await simpleParser(raw);
    const visible = (mail.text ?? '') + (typeof mail.html === 'string' ? mail.html : '');
    if (visible.trim() !== '') return 'visible text';
    const types = mail.attachments.map((attachment) => attachment.contentType).join(', ');
    return types === 'application/pgp-encrypted, application/octet-stream' ? undefined : `attachments ${types}`;
  } catch (error) {
    return String(error);
  }
}

async function askOpenpgp(armoredMessage: string): Promise<string | undefined> {
  try {
    const { packets } = await openpgp.readMessage({ armoredMessage });
    const tags = packets.map((each) => Reflect.get(each.constructor, 'tag'));
    const { publicKeyEncryptedSessionKey, symEncryptedSessionKey, symEncryptedIntegrityProtectedData } =
      openpgp.enums.packet;
    const isKey = (tag: unknown): boolean => tag === publicKeyEncryptedSessionKey || tag === symEncryptedSessionKey;
    const isOne =
      tags.length > 1 && tags.slice(0, -1).every(isKey) && tags.at(-1) === symEncryptedIntegrityProtectedData;
    return isOne ? undefined : `packets ${tags.join(', ')}`;
  } catch (error) {
    return String(error);
  }
}
