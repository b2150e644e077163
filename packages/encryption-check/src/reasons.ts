/** Every rule that can make a message cleartext, with the sentence a postmaster reads. */
export const explanations = {
  'too-large': 'The message is larger than the limit.',

  // the header
  'header-malformed':
    'A header line is not of the form "Name: value", so some programs would take it for the start of the text.',
  'header-too-long': 'A header field is longer than any genuine one.',
  'header-control-character': 'A header field contains a control character, a NUL, or a stray CR or LF.',
  'header-obsolete-folding':
    'A header field is folded where programs differ: a line of white space only ends the header for some, an empty first line stays in the value for others.',
  'header-duplicate':
    'A header field that decides how the message is read occurs twice, and programs differ in which one they use.',
  'header-non-ascii': 'A header field that decides how the message is read contains bytes outside ASCII.',
  'mime-version': 'MIME-Version is missing or not 1.0, so some programs would show the whole body as text.',
  'content-type-missing': 'There is no Content-Type, so the body is plain text.',
  'content-type-malformed':
    'Content-Type can be read in more than one way (comments, continuations, encoded or escaped parameters, duplicates).',
  'not-encrypted': 'The message is neither multipart/encrypted nor a SecureJoin request.',
  protocol: 'The protocol parameter is not application/pgp-encrypted.',
  boundary: 'The boundary is missing, malformed, or could be mistaken for something else.',
  'transfer-encoding': 'A Content-Transfer-Encoding other than 7bit, 8bit or binary would change what readers see.',
  'structural-header': 'A Content- header field has a value that no OpenPGP mail needs.',

  // the body
  'bare-cr-or-lf': 'The body has a CR or LF on its own, and programs differ in whether that ends a line.',
  nul: 'The body contains a NUL byte.',
  'line-too-long': 'A line is longer than 998 bytes.',
  'blank-lines': 'There are more empty lines in one place than any client writes.',
  preamble: 'There is text before the first part.',
  epilogue: 'There is text after the last part.',
  'part-header': 'A part has a header field that no OpenPGP mail needs, or one twice, or malformed.',
  'first-part-type': 'The first part is not application/pgp-encrypted.',
  'first-part-text': 'The first part says something else than "Version: 1".',
  'second-part-missing': 'The second part is missing.',
  'second-part-type': 'The second part is not application/octet-stream.',
  'part-too-many': 'There are more parts than two.',
  'body-truncated': 'The message ends before its last boundary.',

  // the armor
  'armor-missing': 'The second part does not start with an OpenPGP armor line.',
  'armor-header': 'The armor has header lines, where anybody could write text.',
  'armor-line': 'An armored line is empty, longer than 76 characters, or not made of whole groups of four.',
  'armor-base64': 'The armor contains a character that is not base64.',
  'armor-padding': 'The base64 padding is wrong, or hides bits that a strict decoder refuses.',
  'armor-checksum': 'The checksum of the armor is wrong.',
  'armor-end': 'The armor is not closed by exactly one END line.',
  'armor-trailing': 'There is something after the armored message.',

  // the packets
  'packet-header': 'A packet header is invalid.',
  'packet-length': 'A packet length is indeterminate, or given in parts where that is not allowed.',
  'packet-unexpected': 'There is an OpenPGP packet that an encrypted message cannot have there.',
  'packet-truncated': 'The data ends inside an OpenPGP packet.',
  'packet-trailing': 'There is data after the encrypted data packet.',
  'session-key-missing': 'The encrypted data is not preceded by any session-key packet.',
  'session-key-malformed': 'A session-key packet is not built like one.',
  'session-key-mismatch': 'The versions of session-key packets and encrypted data do not belong together.',
  'encrypted-data-malformed': 'The encrypted data packet has a version, an algorithm or a length that cannot be real.',
  'encrypted-data-missing': 'There is no encrypted data packet.',

  // SecureJoin
  'secure-join-shape': 'The message has a Secure-Join header but not the exact shape of a SecureJoin request.',
} as const;

/** Stable, machine-readable name of the rule that a cleartext message broke. */
export type CleartextReason = keyof typeof explanations;
