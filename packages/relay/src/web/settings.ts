/** One way into the relay for a mail client. */
export interface MailPort {
  readonly host: string;
  readonly port: number;
  readonly security: 'ssl' | 'starttls' | 'plain';
}

/** What the relay keeps of its users; what is left out is not limited. */
export interface Retention {
  /** Days until a message is removed from the relay, read or not. */
  readonly messageDays?: number;
  /** Days until a large message is removed, and from which size on a message is large. */
  readonly largeMessageDays?: number;
  readonly largeMessageBytes?: number;
  /** Days without a login until an account is removed with everything in it. */
  readonly unusedAccountDays?: number;
  /** Room for one account. */
  readonly mailboxBytes?: number;
  /** Whether the day of an account's last login is kept. */
  readonly recordsLastLogin?: boolean;
}

/** Where TLS connections of a protocol are handed to as they come; the other side is their TLS end. */
export interface Upstream {
  readonly address: { readonly host: string; readonly port: number } | { readonly path: string };
  /** Announces the visitor's address first, for limits per source: Dovecot `haproxy = yes`, Postfix `smtpd_upstream_proxy_protocol`. */
  readonly proxyProtocol: 'none' | 'v1';
}

/** Everything that the web server has to know of the relay. */
export interface WebSettings {
  /** The domain of the addresses: `chat.example.org`, `_trial.example` or `[192.0.2.1]`. */
  readonly domain: string;
  /** Where people and clients reach this server: `https://chat.example.org`, with its port unless that is 443. */
  readonly origin: string;
  /** What the relay is called on its page; its domain, if left out. */
  readonly title?: string;
  /** The ways in, best first. The first of each is also what `dclogin:` invites name. */
  readonly imap: readonly MailPort[];
  readonly smtp: readonly MailPort[];
  readonly retention: Retention;
  readonly operator: {
    readonly name?: string;
    /** An address of any kind: `mailto:`, `https:`, a plain e-mail address, or an invite link of Delta Chat. */
    readonly contact?: string;
    /** The postal address, on one or several lines. */
    readonly address?: string;
  };
  /** Whether mail that is not encrypted is let in from outside; it is, if left out. */
  readonly acceptsCleartext?: boolean;
  /** Whether devices are told of new mail through a notification service. */
  readonly sendsNotifications?: boolean;
  /** The MTA-STS policy (RFC 8461); without it `mta-sts.txt` does not exist. */
  readonly mtaSts?: {
    readonly mode: 'enforce' | 'testing' | 'none';
    readonly maxAgeSeconds: number;
    readonly mx: readonly string[];
  };
  /** IMAP and SMTP on this port, told apart by TLS ALPN. */
  readonly alpn?: { readonly imap?: Upstream; readonly smtp?: Upstream };
  /** The operator's folder: `de.toml` (texts), `style.css`, `logo.svg` or `logo.png`, each optional. Changes show at once. */
  readonly customFolder?: string;
}
