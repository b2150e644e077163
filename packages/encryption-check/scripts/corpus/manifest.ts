import { checkMessage } from '../../src/index.ts';
import type { CleartextReason, Finding } from '../../src/index.ts';
import { outgoingReasons } from './dresses.ts';
import { allTricks } from './tricks/index.ts';

export interface Expected {
  readonly kind: Finding['kind'];
  readonly reason?: CleartextReason;
}

/** One file of the corpus and what must be found. */
export interface Entry {
  readonly file: string;
  /** Whether it is an attempt to pass cleartext; otherwise a real program wrote it. */
  readonly isTrick: boolean;
  /** Whether the message is encrypted once a mail server has put line ends and header lines right, as Postfix does. */
  readonly isRepairable: boolean;
  /** What a reader would see, or what wrote it. */
  readonly says: string;
  readonly outgoing: Expected;
  readonly incoming: Expected;
}

/** The whole list: tricks, then the given files of genuine messages. */
export function manifest(genuineFiles: readonly string[]): Entry[] {
  const tricks = [...allTricks].flatMap(([group, each]) =>
    each.map(({ name, sees, reason, incoming, raw }): Entry => {
      const outgoing: Expected = { kind: 'cleartext', reason };
      return {
        file: `tricks/${group}/${name}.eml`,
        isTrick: true,
        isRepairable: checkMessage(repaired(raw), { direction: 'outgoing' }).kind === 'encrypted',
        says: sees,
        outgoing,
        incoming: incoming === undefined ? outgoing : { kind: incoming },
      };
    }),
  );
  return [...tricks, ...genuineFiles.toSorted().map((file) => genuine(file))];
}

/**
 * What Postfix makes of a message before a filter sees it: every LF ends a line (smtpd_forbid_bare_newline), a stray CR is
 * a space (cleanup_replace_stray_cr_lf), and in the header a leading `From ` line and Content-Length (message_drop_headers)
 * are dropped, white space before a colon is, too, and a value ends at a NUL or after 60000 bytes.
 */
function repaired(raw: Buffer): Buffer {
  const text = raw
    .toString('latin1')
    .replace(/^From [^\n]*\n/, '')
    .replaceAll(/\r?\n/g, '\n')
    .replaceAll('\r', ' ');
  const end = text.indexOf('\n\n');
  const header = (end === -1 ? text : text.slice(0, end))
    .split('\n')
    .filter((line) => !/^content-length:/i.test(line))
    .map((line) => line.replace(/\0.*/, '').replace(/^([^\s:]+)[ \t]+:/, '$1:').slice(0, 60_000));
  const body = end === -1 ? '' : text.slice(end);
  return Buffer.from(`${header.join('\n')}${body}`.replaceAll('\n', '\r\n'), 'latin1');
}

const writers: Readonly<Record<string, string>> = {
  'delta-chat': 'Delta Chat core 2.57',
  gnupg: 'GnuPG 2.2 of Debian 12',
  'mail-programs': 'in the manner of',
  openpgpjs: 'OpenPGP.js 6',
};

function genuine(file: string): Entry {
  const [group = '', base = ''] = file.split('/');
  const name = base.replace(/\.eml$/, '');
  const [, older, ofOlder] = /^core-([\d.]+)-(.*)/.exec(name) ?? [];
  const writer = older === undefined ? (writers[group] ?? group) : `Delta Chat core ${older}`;
  const says = `${writer}: ${(ofOlder ?? name).replaceAll('-', ' ')}`;
  const entry = (outgoing: Expected, incoming = outgoing): Entry => ({
    file: `genuine/${file}`,
    isTrick: false,
    isRepairable: false,
    says,
    outgoing,
    incoming,
  });
  if (group === 'delta-chat') {
    if (name.startsWith('classic-')) return entry({ kind: 'cleartext', reason: 'not-encrypted' });
    if (/^(?:legacy|core-2\.33|core-1\.160)-v[cg]-request$/.test(name)) return entry({ kind: 'secure-join-request' });
  }
  const reason = group === 'mail-programs' ? outgoingReasons.get(name) : undefined;
  return reason === undefined ? entry({ kind: 'encrypted' }) : entry({ kind: 'cleartext', reason }, { kind: 'encrypted' });
}
