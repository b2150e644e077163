/** Where a server listens: a path that it binds itself, or a listening socket that it was handed. */
export type Listen =
  | {
      /** The unix socket to create. A stale one is replaced; one that somebody serves is not. */
      readonly path: string;
      /** Its permissions, from the moment it exists: `0o660` unless given. */
      readonly mode?: number;
      /** Its group, by name or number; the process's own unless given. */
      readonly group?: string | number;
    }
  /** A listening socket that systemd or a parent process holds open, so that clients can wait while we restart. */
  | { readonly fd: number };
