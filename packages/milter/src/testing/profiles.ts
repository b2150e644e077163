import { ProtocolFlag } from '../wire/constants.ts';

/** What a kind of mail server offers, and how it behaves where they differ. */
export interface MtaProfile {
  readonly version: number;
  readonly actions: number;
  readonly protocol: number;
  /** Its version macro. */
  readonly versionMacro: string;
  /** Whether ABORT follows every message, also one that was accepted. */
  readonly abortsAlways: boolean;
  /** Whether every SMTP stage has a connection of its own, on which those before are played again. */
  readonly connectsPerStage: boolean;
  /** Whether no answer but to the last stage ends the questions: an accept is a continue. */
  readonly ignoresAccept: boolean;
  /** The macros of each command, unless the filter asks for others. */
  readonly macros: Readonly<Record<string, readonly string[]>>;
}

const currentActions = 0x1ff;

export const profiles: Readonly<Record<'postfix' | 'sendmail' | 'stalwart', MtaProfile>> = {
  // postfix src/milter/milter8.c milter8_connect(): exactly 0000000d 4f 00000006 000001ff 001fffff
  postfix: {
    version: 6,
    actions: currentActions,
    protocol: 0x1f_ffff,
    versionMacro: 'Postfix 3.10.5',
    abortsAlways: true,
    connectsPerStage: false,
    ignoresAccept: false,
    // postfix src/global/mail_params.h DEF_MILT_*_MACROS
    macros: {
      C: ['j', '{daemon_name}', '{daemon_addr}', 'v', '_'],
      H: ['{tls_version}', '{cipher}', '{cipher_bits}', '{cert_subject}', '{cert_issuer}'],
      M: ['i', '{auth_type}', '{auth_authen}', '{auth_author}', '{mail_addr}', '{mail_host}', '{mail_mailer}'],
      R: ['i', '{rcpt_addr}', '{rcpt_host}', '{rcpt_mailer}'],
      T: ['i'],
      L: ['i'],
      N: ['i'],
      B: ['i'],
      E: ['i'],
    },
  },
  // sendmail/milter.c milter_negotiate(), 8.18
  sendmail: {
    version: 6,
    actions: currentActions,
    protocol: 0x1f_ffff,
    versionMacro: '8.18.1',
    abortsAlways: false,
    connectsPerStage: false,
    ignoresAccept: false,
    macros: {
      C: ['j', '_', '{daemon_name}', '{if_name}', '{if_addr}', 'v'],
      H: ['{tls_version}', '{cipher}', '{cipher_bits}', '{cert_subject}', '{cert_issuer}'],
      M: [
        'i',
        '{auth_type}',
        '{auth_authen}',
        '{auth_ssf}',
        '{auth_author}',
        '{mail_mailer}',
        '{mail_host}',
        '{mail_addr}',
      ],
      R: ['{rcpt_mailer}', '{rcpt_host}', '{rcpt_addr}'],
      E: ['{msg_id}'],
    },
  },
  // stalwart crates/smtp/src/inbound/milter/: protocol 0x42, no macro requests
  stalwart: {
    version: 6,
    actions: currentActions & ~0x100,
    protocol: ProtocolFlag.noHelo | ProtocolFlag.noEndOfHeaders,
    versionMacro: '0.11.0',
    abortsAlways: false,
    connectsPerStage: true,
    ignoresAccept: true,
    macros: {
      C: ['j', '_', '{daemon_name}', 'v'],
      H: ['{tls_version}', '{cipher}', '{cipher_bits}'],
      M: ['{auth_type}', '{auth_authen}', '{mail_addr}'],
      R: ['{rcpt_addr}'],
    },
  },
};
