import { writeFileSync } from 'node:fs';
import { qrPng, qrSvg, qrTerminal } from '@postern/invite';
import { posterPdf, posterSvg } from '@postern/invite/poster';
import { type OperatorInvite, posterOf, type WebSettings } from '@postern/relay';

/** Where an invite goes besides the terminal. */
export interface InviteOutputs {
  readonly svg?: string | undefined;
  readonly png?: string | undefined;
  /** A file that ends in .pdf or .svg. */
  readonly poster?: string | undefined;
  readonly language: string;
  /** Print the link alone. */
  readonly link?: boolean | undefined;
}

/** As much of a terminal as matters here. */
export interface Terminal {
  readonly write: (text: string) => void;
  readonly columns: number | undefined;
  readonly hasColour: boolean;
}

/** Shows an invite in the terminal and writes the files that were asked for. @throws InviteFileError */
export async function showInvite(
  settings: WebSettings,
  invite: OperatorInvite,
  { outputs, terminal }: { readonly outputs: InviteOutputs; readonly terminal: Terminal },
): Promise<void> {
  const written = await writeFiles(settings, invite, outputs);
  if (outputs.link === true) {
    terminal.write(`${invite.link}\n`);
    return;
  }
  const code = qrTerminal(invite.link, { colour: terminal.hasColour });
  const width = code.split('\n')[0]?.replace(/\u001b\[[\d;]*m/g, '').length ?? 0;
  const fits = terminal.columns === undefined || terminal.columns >= width;
  const paragraphs = [
    fits ? `\n${code}` : `The code needs ${width} columns, and this terminal has ${terminal.columns}.\n`,
    'Scan it with Delta Chat, or open this link on a phone that has it:\n',
    `${invite.link}\n`,
    ...(invite.isForOnePerson ? ['It is one account: each person needs a code of their own.\n'] : []),
    ...(written.length > 0 ? [written.map((path) => `Written: ${path}\n`).join('')] : []),
  ];
  terminal.write(paragraphs.join('\n'));
}

async function writeFiles(
  settings: WebSettings,
  invite: OperatorInvite,
  outputs: InviteOutputs,
): Promise<readonly string[]> {
  const { svg, png, poster, language } = outputs;
  const written: string[] = [];
  const write = (path: string, bytes: string | Uint8Array): void => {
    try {
      writeFileSync(path, bytes);
    } catch (cause) {
      throw new InviteFileError(
        `${path} could not be written: ${cause instanceof Error ? cause.message : String(cause)}`,
        { cause },
      );
    }
    written.push(path);
  };
  if (svg !== undefined) write(svg, qrSvg(invite.link, { label: invite.link }));
  if (png !== undefined) write(png, qrPng(invite.link));
  if (poster !== undefined) {
    const options = posterOf(settings, invite, language);
    if (poster.endsWith('.pdf')) write(poster, await posterPdf(options));
    else if (poster.endsWith('.svg')) write(poster, posterSvg(options));
    else throw new InviteFileError(`--poster ${poster}: the name has to end in .pdf or .svg`);
  }
  return written;
}

/** A file could not be written as asked; the message is for the person at the terminal. */
export class InviteFileError extends Error {
  override readonly name = 'InviteFileError';
}
