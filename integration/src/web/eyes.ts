import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureImage } from '@postern/docker';
import { type Browser, chromium } from 'playwright-core';
import { GenericContainer, type StartedTestContainer, Wait } from 'testcontainers';

/** Where screenshots and other pictures of a test run are kept. */
export const artefactFolder: string = join(import.meta.dirname, '../../../test-artefacts/web');

/** A container with a browser and a reader of codes, on this machine's own network, looking into the artefact folder. */
export class Eyes implements AsyncDisposable {
  readonly #container: StartedTestContainer;

  private constructor(container: StartedTestContainer) {
    this.#container = container;
  }

  static async start(): Promise<Eyes> {
    await mkdir(artefactFolder, { recursive: true });
    const container = await new GenericContainer(await ensureImage('browser', 'trixie'))
      .withNetworkMode('host')
      .withSharedMemorySize(512 * 1024 * 1024)
      .withBindMounts([{ source: artefactFolder, target: '/artefacts' }])
      .withWorkingDir('/artefacts')
      // Port 0: the browser takes a free one and says which. It is alone in its container, which is sandbox enough.
      .withCommand([
        'chromium',
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        // Nothing but the page under test: no lookups and downloads of its own.
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--no-first-run',
        '--hide-scrollbars',
        '--remote-debugging-port=0',
        '--user-data-dir=/tmp/profile',
      ])
      .withWaitStrategy(Wait.forLogMessage(/DevTools listening on ws:/))
      .start();
    return new Eyes(container);
  }

  async browser(): Promise<Browser> {
    const endpoint = await this.run('sed -n 1p /tmp/profile/DevToolsActivePort');
    return chromium.connectOverCDP(`http://127.0.0.1:${endpoint.trim()}`);
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
