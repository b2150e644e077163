import { ensureImage } from '@postern/docker';
import type { Suite } from '@postern/docker';
import { arch } from 'node:os';
import { join } from 'node:path';
import { GenericContainer, Wait } from 'testcontainers';
import type { StartedTestContainer } from 'testcontainers';
import { Dialogue } from './dialogue.ts';

/** The ways in which Dovecot can reach a backend; `static` asks none, for comparison. */
export type Door = 'auth-protocol' | 'dict' | 'lua-http' | 'checkpassword' | 'static';

/** A Debian, its Dovecot, and the doors that this one has. */
export interface DebianHost {
  readonly suite: Suite;
  readonly version: string;
  readonly doors: readonly Door[];
}

export const bookworm: DebianHost = {
  suite: 'bookworm',
  version: '2.3',
  doors: ['auth-protocol', 'dict', 'checkpassword'],
};
export const trixie: DebianHost = { suite: 'trixie', version: '2.4', doors: ['auth-protocol', 'lua-http'] };
export const hosts: readonly DebianHost[] = [bookworm, trixie];

const repository = join(import.meta.dirname, '../../..');
const node = `/postern/node_modules/node-linux-${arch()}/bin/node --conditions=@postern/source`;
const program = '/postern/integration/src/dovecot-auth/backend-program.ts';
const prepared = '/postern/integration/src/dovecot-auth';

/** Postfix, Dovecot and a test backend in one container, with one door open at a time. */
export class MailHost implements AsyncDisposable {
  readonly #container: StartedTestContainer;
  readonly #version: string;
  #starts = 0;

  private constructor(container: StartedTestContainer, version: string) {
    this.#container = container;
    this.#version = version;
  }

  static async start({ suite, version }: { suite: Suite; version: string }): Promise<MailHost> {
    const container = await new GenericContainer(await ensureImage('mail', suite))
      .withCommand(['tini', '--', 'sleep', 'infinity'])
      .withBindMounts([{ source: repository, target: '/postern', mode: 'ro' }])
      .withWaitStrategy(Wait.forSuccessfulCommand('true'))
      .start();
    const host = new MailHost(container, version);
    await host.run(`sh ${prepared}/prepare.sh`);
    return host;
  }

  /** Opens one door, and forgets every account. `existing` accounts `userN@many.example` are there from the start. */
  async useDoor(door: Door, options: { existing?: number; held?: boolean } = {}): Promise<void> {
    await this.stopBackend();
    await this.run(
      'rm -f /run/postern-accounts.json /var/log/dovecot.log; : >/var/log/mail.log; : >/var/log/backend.log',
    );
    await this.startBackend(door, options);
    await this.run(`sh ${prepared}/use-door.sh ${door} ${this.#version}`);
  }

  async startBackend(door: Door, { existing = 0, held = false } = {}): Promise<void> {
    const sockets = [
      'client=/run/postern/dovecot-client.sock:660:dovenull',
      'postfix=/var/spool/postfix/private/postern-auth:660:postfix',
      'master=/run/postern/dovecot-master.sock:600',
    ];
    const holder = held ? `/usr/lib/postern/hold-sockets ${sockets.join(' ')} -- sh ${prepared}/unless-paused.sh ` : '';
    await this.run(
      `exec setsid ${holder}${node} ${program} ${door} ${existing} >>/var/log/backend.log 2>&1 & echo $! >/run/backend.pid`,
    );
    await this.#started();
  }

  async stopBackend(): Promise<void> {
    await this.run(
      '[ ! -f /run/backend.pid ] || { kill $(cat /run/backend.pid); while kill -0 $(cat /run/backend.pid); do sleep 0.05; done; rm /run/backend.pid; } 2>/dev/null',
    );
    this.#starts = 0;
  }

  /** Waits until the backend has said once more that it is ready. */
  async #started(): Promise<void> {
    await this.#waitFor(`[ "$(grep -c ^ready /var/log/backend.log)" -gt ${this.#starts} ]`);
    this.#starts += 1;
  }

  /** Ends the backend behind sockets that somebody holds, and keeps it down until `resumeBackend`. */
  async pauseBackend(): Promise<void> {
    // Only the program: its holder has the same words in its command line, but begins with perl's.
    const program = '^/postern/node_modules.*backend-program';
    await this.run(
      `touch /run/backend.paused; pkill -f "${program}"; while pgrep -f "${program}" >/dev/null; do sleep 0.02; done`,
    );
  }

  async resumeBackend(): Promise<void> {
    await this.run('rm /run/backend.paused');
    await this.#started();
  }

  /** As a supervisor would. */
  async restartBackend(): Promise<void> {
    await this.pauseBackend();
    await this.resumeBackend();
  }

  /** Waits until connections lie unaccepted in the queues of the held sockets. */
  async connectionsWait(): Promise<void> {
    // State 02: connecting, not accepted yet (SS_CONNECTING); the kernel lists it without a path.
    await this.#waitFor('[ "$(awk \'$6 == "02"\' /proc/net/unix | wc -l)" -gt 0 ]');
  }

  /** Waits until no client is served by a process of its own any more. */
  async hibernated(): Promise<void> {
    await this.#waitFor('! pgrep -x imap >/dev/null && pgrep -x imap-hibernate >/dev/null');
  }

  /** Runs a shell command inside. @returns its output. @throws when it fails. */
  async run(command: string): Promise<string> {
    const { output, exitCode } = await this.try(command);
    if (exitCode !== 0) throw new Error(`${command}: exit code ${exitCode}: ${output}`);
    return output;
  }

  async try(command: string): Promise<{ output: string; exitCode: number }> {
    return this.#container.exec(['sh', '-c', command]);
  }

  /** Waits until a shell condition holds, looking every 50 ms for at most a minute. */
  async #waitFor(condition: string): Promise<void> {
    await this.run(
      `for i in $(seq 1200); do if ${condition}; then exit 0; fi; sleep 0.05; done; cat /var/log/backend.log; exit 1`,
    );
  }

  #at(port: number): { host: string; port: number } {
    return { host: this.#container.getIpAddress('bridge'), port };
  }

  imap(): Promise<Dialogue> {
    return Dialogue.open(this.#at(143), 'imap');
  }

  submission(): Promise<Dialogue> {
    return Dialogue.open(this.#at(587), 'smtp');
  }

  lmtp(): Promise<Dialogue> {
    return Dialogue.open(this.#at(2424), 'smtp');
  }

  /** Everything that Dovecot, Postfix and the backend wrote since the door was opened. */
  logs(): Promise<string> {
    return this.run('cat /var/log/dovecot.log /var/log/mail.log /var/log/backend.log');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#container.stop();
  }
}
