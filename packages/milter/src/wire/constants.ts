/**
 * The numbers of the milter protocol, under its own names.
 * Source: sendmail include/libmilter/mfdef.h and mfapi.h, postfix src/milter/milter8.c.
 */

/** What the mail server sends: `SMFIC_…`. */
export const Command = {
  abort: 0x41, // 'A' SMFIC_ABORT
  body: 0x42, // 'B' SMFIC_BODY
  connect: 0x43, // 'C' SMFIC_CONNECT
  macro: 0x44, // 'D' SMFIC_MACRO
  endOfMessage: 0x45, // 'E' SMFIC_BODYEOB
  helo: 0x48, // 'H' SMFIC_HELO
  quitNewConnection: 0x4b, // 'K' SMFIC_QUIT_NC
  header: 0x4c, // 'L' SMFIC_HEADER
  mail: 0x4d, // 'M' SMFIC_MAIL
  endOfHeaders: 0x4e, // 'N' SMFIC_EOH
  optionNegotiation: 0x4f, // 'O' SMFIC_OPTNEG
  quit: 0x51, // 'Q' SMFIC_QUIT
  rcpt: 0x52, // 'R' SMFIC_RCPT
  data: 0x54, // 'T' SMFIC_DATA
  unknown: 0x55, // 'U' SMFIC_UNKNOWN
} as const;

/** What a filter answers: `SMFIR_…`. */
export const Reply = {
  addRecipient: 0x2b, // '+' SMFIR_ADDRCPT
  deleteRecipient: 0x2d, // '-' SMFIR_DELRCPT
  addRecipientWithParameters: 0x32, // '2' SMFIR_ADDRCPT_PAR
  shutdown: 0x34, // '4' SMFIR_SHUTDOWN
  accept: 0x61, // 'a' SMFIR_ACCEPT
  replaceBody: 0x62, // 'b' SMFIR_REPLBODY
  continue: 0x63, // 'c' SMFIR_CONTINUE
  discard: 0x64, // 'd' SMFIR_DISCARD
  changeSender: 0x65, // 'e' SMFIR_CHGFROM
  connectionFailed: 0x66, // 'f' SMFIR_CONN_FAIL
  addHeader: 0x68, // 'h' SMFIR_ADDHEADER
  insertHeader: 0x69, // 'i' SMFIR_INSHEADER
  changeHeader: 0x6d, // 'm' SMFIR_CHGHEADER
  optionNegotiation: 0x4f, // 'O' SMFIC_OPTNEG
  progress: 0x70, // 'p' SMFIR_PROGRESS
  quarantine: 0x71, // 'q' SMFIR_QUARANTINE
  reject: 0x72, // 'r' SMFIR_REJECT
  skip: 0x73, // 's' SMFIR_SKIP
  tempfail: 0x74, // 't' SMFIR_TEMPFAIL
  replyCode: 0x79, // 'y' SMFIR_REPLYCODE
} as const;

/** What a filter may do to a message: `SMFIF_…`. */
export const ActionFlag = {
  addHeader: 0x1, // SMFIF_ADDHDRS, covers inserting
  replaceBody: 0x2, // SMFIF_CHGBODY
  addRecipient: 0x4, // SMFIF_ADDRCPT
  deleteRecipient: 0x8, // SMFIF_DELRCPT
  changeHeader: 0x10, // SMFIF_CHGHDRS
  quarantine: 0x20, // SMFIF_QUARANTINE
  changeSender: 0x40, // SMFIF_CHGFROM
  addRecipientWithParameters: 0x80, // SMFIF_ADDRCPT_PAR
  setMacroLists: 0x100, // SMFIF_SETSYMLIST
} as const;

/** Which events a filter does without, and which it does not answer: `SMFIP_…`. */
export const ProtocolFlag = {
  noConnect: 0x1, // SMFIP_NOCONNECT
  noHelo: 0x2, // SMFIP_NOHELO
  noMail: 0x4, // SMFIP_NOMAIL
  noRcpt: 0x8, // SMFIP_NORCPT
  noBody: 0x10, // SMFIP_NOBODY
  noHeaders: 0x20, // SMFIP_NOHDRS
  noEndOfHeaders: 0x40, // SMFIP_NOEOH
  noReplyHeader: 0x80, // SMFIP_NR_HDR, older: SMFIP_NOHREPL
  noUnknown: 0x100, // SMFIP_NOUNKNOWN
  noData: 0x200, // SMFIP_NODATA
  skip: 0x400, // SMFIP_SKIP
  rejectedRecipients: 0x800, // SMFIP_RCPT_REJ
  noReplyConnect: 0x1000, // SMFIP_NR_CONN
  noReplyHelo: 0x2000, // SMFIP_NR_HELO
  noReplyMail: 0x4000, // SMFIP_NR_MAIL
  noReplyRcpt: 0x8000, // SMFIP_NR_RCPT
  noReplyData: 0x1_0000, // SMFIP_NR_DATA
  noReplyUnknown: 0x2_0000, // SMFIP_NR_UNKN
  noReplyEndOfHeaders: 0x4_0000, // SMFIP_NR_EOH
  noReplyBody: 0x8_0000, // SMFIP_NR_BODY
  leadingSpace: 0x10_0000, // SMFIP_HDR_LEADSPC
  maxData256K: 0x1000_0000, // SMFIP_MDS_256K
  maxData1M: 0x2000_0000, // SMFIP_MDS_1M
} as const;

/** The stages whose macros a filter can ask for, with their numbers on the wire: `SMFIM_…`. */
export const MacroStage = {
  connect: 0, // SMFIM_CONNECT
  helo: 1, // SMFIM_HELO
  mail: 2, // SMFIM_ENVFROM
  rcpt: 3, // SMFIM_ENVRCPT
  data: 4, // SMFIM_DATA
  endOfMessage: 5, // SMFIM_EOM
  endOfHeaders: 6, // SMFIM_EOH, after EOM on the wire
} as const;

/** The protocol version spoken here; an older offer is answered with its own. */
export const protocolVersion = 6;
/** `MILTER_CHUNK_SIZE`: what one body or edit packet carries unless more was negotiated. */
export const chunkBytes = 65_535;
