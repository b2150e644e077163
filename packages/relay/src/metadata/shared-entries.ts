import type { MetadataEntries, MetadataEntry } from './entry.ts';

/** What a relay tells its users' clients about itself; Dovecot answers `/shared/admin` by itself (setup/dovecot). */
export interface SharedValues {
  /** Recipients that one message may have; clients send to more in several. */
  readonly maxRecipients: number;
  /** Where apps meet for what they exchange in real time. */
  readonly irohRelay?: string | undefined;
  /** Versions of the client to be had, in the form that clients read: a JSON document. */
  readonly appVersions?: string | undefined;
  /** Asked each time: a place on a TURN server, or nothing while there is none. */
  readonly turn?: (() => Promise<string | undefined>) | undefined;
}

/** Source: chatmail core src/imap.rs update_metadata(). */
export function sharedEntries({ maxRecipients, irohRelay, appVersions, turn }: SharedValues): MetadataEntries {
  const fixed = (value: string | undefined): MetadataEntry => ({ read: async () => value });
  return new Map([
    ['/shared/vendor/deltachat/maxsmtprecipients', fixed(String(maxRecipients))],
    ['/shared/vendor/deltachat/irohrelay', fixed(irohRelay)],
    ['/shared/vendor/deltachat/appversions', fixed(appVersions)],
    ['/shared/vendor/deltachat/turn', { read: async () => await turn?.() }],
  ]);
}
