import { afterAll, beforeAll, describe, vi } from 'vitest';
import { LmtpSink } from './lmtp-sink.ts';
import { type MailServerKind, mailServers, type MilterMailServer, startMailServer } from './mail-server.ts';

/** A mail server, the filter that it asks, and where its mail arrives. They are there while tests run. */
export interface Parts<F> {
  readonly kind: MailServerKind;
  readonly isPostfix: boolean;
  readonly server: MilterMailServer;
  readonly sink: LmtpSink;
  filter: F;
}

/** Describes the same thing for each mail server, with parts of its own. */
export function onEveryMailServer<F extends AsyncDisposable>(
  thing: string,
  listen: (path: string) => Promise<F>,
  tests: (parts: Parts<F>) => void,
): void {
  // A conversation takes milliseconds; what takes this long hangs.
  vi.setConfig({ testTimeout: 60_000 });
  describe.each(mailServers)(`${thing} behind $name`, (kind) => {
    const parts = new LaterParts<F>(kind);
    beforeAll(async () => {
      const server = await startMailServer(kind);
      const sink = await LmtpSink.open(server.sinkPath);
      parts.begin({ server, sink, filter: await listen(server.filterPath) });
    });
    afterAll(() => parts.end());
    tests(parts);
  });
}

type Started<F> = Pick<Parts<F>, 'server' | 'sink' | 'filter'>;

class LaterParts<F extends AsyncDisposable> implements Parts<F> {
  readonly kind: MailServerKind;
  #started: Started<F> | undefined;

  constructor(kind: MailServerKind) {
    this.kind = kind;
  }

  get isPostfix(): boolean {
    return this.kind.software === 'postfix';
  }

  begin(started: Started<F>): void {
    this.#started = started;
  }

  async end(): Promise<void> {
    await this.#started?.filter[Symbol.asyncDispose]();
    await this.#started?.sink[Symbol.asyncDispose]();
    await this.#started?.server[Symbol.asyncDispose]();
  }

  get server(): MilterMailServer {
    return this.#parts().server;
  }

  get sink(): LmtpSink {
    return this.#parts().sink;
  }

  get filter(): F {
    return this.#parts().filter;
  }

  set filter(filter: F) {
    this.#started = { ...this.#parts(), filter };
  }

  #parts(): Started<F> {
    if (this.#started === undefined) throw new Error('a mail server is there only while a test runs');
    return this.#started;
  }
}
