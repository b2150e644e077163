/** One header field, raw. Postfix cuts at header_size_limit (102400) or, for milters, at 60000; real fields stay far below. */
export const maxHeaderFieldBytes = 65_536;

/** Content-Type and its like. The longest genuine one is about 200 bytes; a longer one only serves to confuse. */
export const maxStructuralFieldBytes = 1024;

/** Any line outside the base64 data: RFC 5322 §2.1.1, without its CRLF. */
export const maxLineBytes = 998;

/** Fields in one part's header: clients write at most four. */
export const maxPartFields = 8;

/** RFC 2046 §5.1.1: boundaries have 1 to 70 characters. */
export const maxBoundaryLength = 70;

/** Empty lines in one place (preamble, after a part, epilogue). Clients write one or two; more would be a channel of its own. */
export const maxBlankLines = 16;

/** RFC 9580 §6.1 (as RFC 4880 §6.3): armored lines have at most 76 characters. */
export const maxArmorLineLength = 76;

/** The value of an incoming `Version:` armor line, such as `ProtonMail` or `GnuPG v2`. */
export const maxArmorVersionLength = 64;

/** An incoming Content-Description or file name. */
export const maxPartLabelLength = 128;

/** A PKESK or SKESK: RSA-16384 takes 2 KB, ML-KEM-1024+X448 1.7 KB. */
export const maxSessionKeyPacketBytes = 4096;
