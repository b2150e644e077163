import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureImage } from '@postern/docker';
import { type Browser, chromium } from 'playwright-core';
import { GenericContainer, type StartedTestContainer, Wait } from 'testcontainers';

/** Where screenshots and other pictures of a test run are kept. */
export const artefactFolder: string = join(import.meta.dirname, '../../../test-artefacts/web');

const [innerPort, devToolsPort] = [9222, 9223];
const forwardDevTools = `socat TCP-LISTEN:${devToolsPort},fork,reuseaddr TCP:127.0.0.1:${innerPort}`;

/** Debian's browser without a window: a whole Chromium, headless or not, draws an interface that nobody sees. */
const browserCommand = [
  'chromium-headless-shell',
  '--no-sandbox',
  '--disable-gpu',
  // Nothing but the page under test: no lookups and downloads of its own.
  '--disable-background-networking',
  '--hide-scrollbars',
  `--remote-debugging-port=${innerPort}`,
  '--user-data-dir=/tmp/profile',
];

/** Only against hanging: a busy machine is no failure. */
const startDeadlineMs = 120_000;

/** A container with a reader of codes, and perhaps a browser, looking into the artefact folder. */
export class Eyes implements AsyncDisposable {
  readonly #container: StartedTestContainer;

  /** Where the browser finds what listens on this machine; empty when there is none. */
  readonly host: string;

  private constructor(container: StartedTestContainer, host: string) {
    this.#container = container;
    this.host = host;
  }

  /** @param looks `pictures` needs no browser, `pages` does. */
  static async start(looks: 'pages' | 'pictures'): Promise<Eyes> {
    await mkdir(artefactFolder, { recursive: true });
    const image = new GenericContainer(await ensureImage('browser', 'trixie'))
      .withSharedMemorySize(512 * 1024 * 1024)
      .withBindMounts([{ source: artefactFolder, target: '/artefacts' }])
      .withWorkingDir('/artefacts')
      .withStartupTimeout(startDeadlineMs);
    if (looks === 'pictures') return new Eyes(await image.withCommand(['sleep', 'infinity']).start(), '');
    const container = await image
      // A network of its own: on the machine's, each container that comes or goes makes the browser drop its requests.
      .withExposedPorts(devToolsPort)
      // It is alone in its container, which is sandbox enough; and it listens on its loopback only, whatever it is told.
      .withCommand(['sh', '-c', `${forwardDevTools} & exec "$@"`, 'sh', ...browserCommand])
      .withWaitStrategy(Wait.forLogMessage(/DevTools listening on ws:/).withStartupTimeout(startDeadlineMs))
      .start();
    const { stdout: route } = await container.exec([
      'sh',
      '-c',
      'awk \'$2 == "00000000" { print $3 }\' /proc/net/route',
    ]);
    const host = [...Buffer.from(route.trim(), 'hex')].toReversed().join('.');
    return new Eyes(container, host);
  }

  async browser(): Promise<Browser> {
    const address = `http://127.0.0.1:${this.#container.getMappedPort(devToolsPort)}`;
    return chromium.connectOverCDP(address, { timeout: startDeadlineMs });
  }

  /** Runs a shell command in the artefact folder. @returns its standard output. @throws when it fails. */
  async run(command: string): Promise<string> {
    const { output, stdout, exitCode } = await this.#container.exec(['bash', '-c', command]);
    if (exitCode !== 0) throw new Error(`${command}: exit code ${exitCode}: ${output}`);
    return stdout;
  }

  /** What an independent reader (zbar) finds in pictures: file by file, what each code says, `-` for none. */
  async read(files: readonly string[]): Promise<readonly string[]> {
    const found = await this.run(
      `for file in ${files.map((file) => `'${file}'`).join(' ')}; do zbarimg --quiet --raw -Sdisable -Sqrcode.enable -Stest-inverted "$file" || echo -; done`,
    );
    return found.trimEnd().split('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#container.stop({ timeout: 5_000 });
  }
}
