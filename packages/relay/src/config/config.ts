/** Everything an operator can set; in the file the names are written `like_this`. Only `domain` has no default. */
export interface Config {
  /** The domain of the addresses: a name, a `_name` for a relay without certificate authority, or `[192.0.2.1]`. */
  readonly domain: string;
  /** The folder that holds everything to keep: accounts, mail, queue, keys. */
  readonly data: string;
  /** The folder for sockets and generated configuration; emptied at every start. */
  readonly run: string;
  readonly accounts: {
    /** Length of the part before the `@` of a new address. */
    readonly usernameMinLength: number;
    readonly usernameMaxLength: number;
    readonly passwordMinLength: number;
    /** Who may create an account: anyone, only who holds an invite, nobody. */
    readonly registration: 'open' | 'invite' | 'closed';
    /** Sign-ups that a client makes by itself, without a person having scanned anything. */
    readonly automatic: 'allow' | 'limit' | 'deny';
    /** No new accounts while the machine's load is above this (the average of a minute; by default 5 per core). */
    readonly maxLoad?: number | undefined;
    /** No new accounts while less memory or disk space is free, in megabytes. */
    readonly minFreeMemoryMb: number;
    readonly minFreeDiskMb: number;
    /** New accounts in any hour: from one network (/24, or /64 of IPv6), in all, and of those that clients made by themselves. */
    readonly newPerSourceHour: number;
    readonly newPerHour: number;
    readonly automaticPerHour: number;
    /** Days for which nobody can have the address of an account that is gone. */
    readonly tombstoneDays: number;
    /** What the stored form of a password costs: memory in KiB, and passes over it. Other forms are renewed at the next login. */
    readonly argon2MemoryKib: number;
    readonly argon2Passes: number;
  };
  readonly store: {
    /** Where accounts are kept: `sqlite` (a file in `data`), or a `postgresql://` address that several hosts share. */
    readonly url: string;
  };
  readonly mail: {
    readonly maxMessageBytes: number;
    /** What to do with incoming mail that is not encrypted. */
    readonly incomingCleartext: 'accept' | 'refuse';
    /** What to do with incoming mail that its author's domain has not signed (DKIM). */
    readonly incomingUnsigned: 'accept' | 'refuse';
    /**
     * Whether other domains are asked which servers they have (MTA-STS, RFC 8461) before mail leaves for them. By default
     * on, but for a relay that no authority vouches for: it writes to others of its kind.
     */
    readonly mtaSts?: 'on' | 'off' | undefined;
    /** Header fields that may leave beside From, To, Date, Message-ID, Subject, MIME-Version and Content-Type; all others are removed. */
    readonly outgoingHeaders?: readonly string[] | undefined;
  };
  readonly keep: {
    /** Days until a message is removed, seen or not; 0 keeps it for as long as there is room. */
    readonly mailDays: number;
    /** Days until a large message that was seen is removed, and from which size on it is large; 0 days: like any other. */
    readonly largeMailDays: number;
    readonly largeMailBytes: number;
    /** Days without a login, by IMAP or SMTP, until an account is removed with its mail; 0 never removes one. */
    readonly unusedAccountDays: number;
    /** Room for the mail of one account, in megabytes; 0 sets no limit. */
    readonly mailboxMb: number;
    /** A mailbox that is fuller than this, in percent, loses its oldest mail, but none of the last day. */
    readonly evictAbovePercent: number;
    /** How full it may be then. */
    readonly evictToPercent: number;
  };
  readonly dkim: {
    /** Under which name in DNS the key for outgoing mail stands: `SELECTOR._domainkey.DOMAIN`. */
    readonly selector: string;
    /** Whether mail is signed with an Ed25519 key too, whose name is `SELECTOR-ed25519`. */
    readonly ed25519: boolean;
  };
  readonly limits: {
    /** Messages that one account may send in any 60 seconds. */
    readonly messagesPerMinute: number;
    /** Recipients, all messages together, in any hour. */
    readonly recipientsPerHour: number;
    /** Bytes that one account may send in any 24 hours. */
    readonly bytesPerDay: number;
    /** How long a message of a sender close to the limit may be held, so that a burst is slowed instead of refused; 0 is off. */
    readonly pacingSeconds: number;
    /** Messages held at once; each occupies one of Postfix's processes, of which there are 100. */
    readonly heldAtOnce: number;
    /** What one account may get from other servers. */
    readonly incomingMessagesPerMinute: number;
    readonly incomingBytesPerDay: number;
  };
  readonly filter: {
    /** Processes that check mail: a number, or `auto`, one for every two cores. */
    readonly workers: 'auto' | number;
  };
  readonly metrics: {
    /** Counters for Prometheus at `http://127.0.0.1:PORT/metrics`; none without a port. */
    readonly port?: number | undefined;
  };
  readonly tls: {
    /** Files in PEM format; without them the relay makes a self-signed certificate in `data`. */
    readonly certificate?: string | undefined;
    readonly key?: string | undefined;
  };
  /** How clients reach the relay, where that differs from the domain and the standard ports (a trial on one's own machine). */
  readonly reachable: {
    readonly host?: string | undefined;
    readonly smtpPort: number;
    readonly imapPort: number;
    readonly submissionPort: number;
    readonly webPort: number;
  };
  readonly push: {
    /** Who wakes the devices of users when mail comes; `off` leaves them asleep. It learns a device, and of no message. */
    readonly service: string;
  };
  readonly calls: {
    /** A TURN server for calls, which knows the same secret (coturn: `static-auth-secret`); none without a host. */
    readonly turnHost?: string | undefined;
    readonly turnPort: number;
    readonly turnSecret?: string | undefined;
  };
  readonly clients: {
    /** The iroh relay over which apps meet in real time; the client's own without it. */
    readonly irohRelay?: string | undefined;
    /** A JSON file with the versions of the client to be had, for clients that look for a newer one here. */
    readonly appVersions?: string | undefined;
  };
  readonly operator: {
    /** What people read on the web page: a name and a way to reach the operator. */
    readonly name?: string | undefined;
    readonly contact?: string | undefined;
    readonly address?: string | undefined;
  };
}
