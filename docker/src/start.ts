import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ConfigError, raiseInotifyLimit } from '@postern/relay';
import { execa } from 'execa';
import { docker, ensureEngine } from './engine.ts';
import { checkDataFolder, checkPorts, ownAddress } from './machine-checks.ts';
import { SetupError, step } from './progress.ts';
import { ensureRelayImage } from './relay-image.ts';
import { readStartOptions, type StartOptions } from './start-options.ts';

/** `npm start`: from whatever the machine is to a running relay, then its log until Ctrl-C. */
const readyDeadlineMs = 90_000;

async function main(): Promise<void> {
  const options = await readStartOptions(process.argv.slice(2));
  await checkDataFolder(options.data);
  await ensureEngine();
  const tooLow = await raiseInotifyLimit();
  if (tooLow !== undefined) process.stderr.write(`· ${tooLow.advice}\n`);
  const container = `postern-${options.domain.replace(/[^a-z0-9.-]/g, '-').replace(/^-/, 'trial-')}`;
  await checkNotRunning(container);
  await checkPorts(options.ports);
  const image = await ensureRelayImage(options.suite);
  await writeFirstConfig(options);
  const host = options.host ?? ownAddress();
  await docker(runArguments(options, { container, image, host }));
  const stop = stopOnSignal(container);
  try {
    await step('starting Postfix, Dovecot and Postern', () => waitUntilReady(container));
    await showWelcome(options, container);
    await execa('docker', ['logs', '--follow', container], { stdio: ['ignore', 'inherit', 'inherit'], reject: false });
  } finally {
    await stop();
  }
}

async function checkNotRunning(container: string): Promise<void> {
  const { stdout } = await execa('docker', ['ps', '--filter', `name=^${container}$`, '--format', '{{.Names}}'], {
    reject: false,
  });
  if (stdout.trim() !== '') {
    throw new SetupError(
      `This relay is running already (container ${container}). To stop it: docker stop ${container}`,
    );
  }
  await execa('docker', ['rm', container], { reject: false, stdio: 'ignore' });
}

/** The first start writes down what it was told; from then on the file rules, and the operator edits it. */
async function writeFirstConfig({ data, domain, host, ports }: StartOptions): Promise<void> {
  const path = join(data, 'postern.toml');
  if (existsSync(path)) return;
  const reachable = [
    ...(host === undefined ? [] : [`host = ${JSON.stringify(host)}`]),
    ...Object.entries(ports).map(([name, port]) => `${name}_port = ${port}`),
  ];
  await writeFile(
    path,
    `# The configuration of this relay. Every key but the domain is optional; a restart applies changes.\ndomain = ${JSON.stringify(domain)}\n\n# How clients reach it.\n[reachable]\n${reachable.join('\n')}\n`,
  );
}

function runArguments(
  { data, ports }: StartOptions,
  { container, image, host }: { container: string; image: string; host: string },
): string[] {
  const publish = [
    [ports.smtp, 25],
    [ports.imap, 993],
    [ports.submission, 465],
    [ports.web, 443],
  ].flatMap(([outside, inside]) => ['--publish', `${outside}:${inside}`]);
  const run = ['run', '--detach', '--name', container, '--hostname', 'relay'];
  return [...run, '--volume', `${data}:/var/lib/postern`, '--env', `POSTERN_HOST=${host}`, ...publish, image];
}

function stopOnSignal(container: string): () => Promise<void> {
  let stopped: Promise<unknown> | undefined;
  const stop = async (): Promise<void> => {
    if (stopped === undefined) {
      process.stderr.write('\n· stopping the relay …\n');
      stopped = execa('docker', ['stop', '--time', '40', container], { reject: false, stdio: 'ignore' });
    }
    await stopped;
    await execa('docker', ['rm', '--force', container], { reject: false, stdio: 'ignore' });
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop());
  return stop;
}

/** Ready means that a client could use it: IMAP, submission and the web page answer. */
async function waitUntilReady(container: string): Promise<void> {
  const deadline = Date.now() + readyDeadlineMs;
  for (;;) {
    const ask = ['exec', container, 'postern', 'health', '--wait', '5'];
    const health = await execa('docker', ask, { reject: false, all: true });
    if (health.exitCode === 0) return;
    const running = await execa('docker', ['inspect', '--format', '{{.State.Running}}', container], { reject: false });
    const { all: log } = await execa('docker', ['logs', '--tail', '15', container], { reject: false, all: true });
    if (running.stdout !== 'true')
      throw new SetupError(`The relay ended while it was starting. The end of its log:\n${log}`);
    if (Date.now() > deadline) {
      throw new SetupError(
        `The relay is not ready after ${readyDeadlineMs / 1000} s:\n${health.all}\nThe end of its log:\n${log}`,
      );
    }
    await wait(300);
  }
}

async function showWelcome({ domain, data, ports, host }: StartOptions, container: string): Promise<void> {
  // Where sign-up is closed or by invitation there is no code to show, and the reason instead.
  const invite = await execa('docker', ['exec', container, 'postern', 'invite'], { reject: false, all: true });
  const advice = invite.exitCode === 0 ? ' Scan the code with Delta Chat, or paste the link there.' : '';
  const isTrial = domain.startsWith('_') || domain.startsWith('[');
  const webHost = isTrial ? (host ?? ownAddress()) : domain;
  const page = `https://${webHost}${ports.web === 443 ? '' : `:${ports.web}`}/`;
  process.stdout.write(
    [
      '',
      invite.all,
      '',
      `The relay ${domain} is running.${advice}`,
      '',
      `  web page   ${page}${isTrial ? '   (its certificate is self-signed: the browser will ask)' : ''}`,
      `  data       ${data}`,
      `  settings   ${join(data, 'postern.toml')}`,
      '  stop       Ctrl-C',
      '',
      '',
    ].join('\n'),
  );
}

try {
  await main();
} catch (error) {
  if (!(error instanceof SetupError || error instanceof ConfigError)) throw error;
  process.stderr.write(`\npostern: ${error.message}\n`);
  process.exitCode = 1;
}
