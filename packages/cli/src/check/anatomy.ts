import { simpleParser } from 'mailparser';
import * as openpgp from 'openpgp';

/** What two other programs see in a message: it serves to explain a finding, never to make one. */
export interface Anatomy {
  /** The lines of the header, folds undone. */
  readonly headers: readonly string[];
  /** Text that mailparser would show to a reader. */
  readonly visibleText: string;
  readonly parts: readonly Part[];
}

interface Part {
  readonly type: string;
  readonly name?: string;
  readonly bytes: number;
  /** The OpenPGP packets in its armor, or why OpenPGP.js finds none. */
  readonly packets?: readonly string[] | string;
}

const armorBegin = '-----BEGIN PGP ';

/** Gives an empty anatomy for what mailparser cannot read at all. */
export async function describeMessage(raw: Buffer): Promise<Anatomy> {
  try {
    return await dissect(raw);
  } catch (error) {
    return { headers: [], visibleText: `(mailparser: ${String(error)})`, parts: [] };
  }
}

async function dissect(raw: Buffer): Promise<Anatomy> {
  const mail = await simpleParser(raw, { skipHtmlToText: true, skipTextToHtml: true, skipImageLinks: true });
  const html = typeof mail.html === 'string' ? mail.html : '';
  return {
    headers: mail.headerLines.map(({ line }) => line.replaceAll(/\r?\n[ \t]*/g, ' ')),
    visibleText: `${mail.text ?? ''}${html}`.trim(),
    parts: await Promise.all(
      mail.attachments.map(async ({ contentType, filename, content }) => ({
        type: contentType,
        ...(filename !== undefined && { name: filename }),
        bytes: content.length,
        ...(content.includes(armorBegin) && { packets: await describePackets(content.toString('latin1')) }),
      })),
    ),
  };
}

async function describePackets(armored: string): Promise<readonly string[] | string> {
  try {
    const { packets } = await openpgp.readMessage({ armoredMessage: armored });
    return packets.map((packet) => describePacket(packet));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function describePacket(packet: object): string {
  const tag: unknown = Reflect.get(packet.constructor, 'tag') ?? Reflect.get(packet, 'tag');
  const version: unknown = Reflect.get(packet, 'version');
  const [name = ''] = Object.entries(openpgp.enums.packet).find(([, number]) => number === tag) ?? [];
  const spoken = name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return `${spoken === '' ? 'packet' : spoken} (tag ${String(tag)}${typeof version === 'number' ? `, version ${version}` : ''})`;
}
