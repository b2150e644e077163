import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { execa } from 'execa';
import { SetupError, step } from './progress.ts';

const dockerPidFile = '/var/run/docker.pid';
const engineStartDeadlineMs = 60_000;

/**
 * Makes sure that a container engine answers: one that is there is used; else, on Debian or Ubuntu as root,
 * `docker.io` is installed from the distribution and started.
 *
 * @throws SetupError with what to install, when neither is possible.
 */
export async function ensureEngine(): Promise<void> {
  if (await engineAnswers()) return;
  const isRoot = process.getuid?.() === 0;
  const installed = await commandExists('dockerd');
  if (!isRoot || (!installed && !existsSync('/usr/bin/apt-get'))) {
    throw new SetupError(
      installed
        ? 'Docker is installed, but its engine does not answer this user. Start it (sudo systemctl start docker), and either run this as root or add yourself to the group "docker".'
        : 'No container engine was found. Install Docker (Debian, Ubuntu: sudo apt-get install docker.io; others: https://docs.docker.com/engine/install/) and run this again.',
    );
  }
  if (!installed) await step('no container engine found: installing docker.io from the distribution', installEngine);
  await step('starting the container engine', startEngine);
}

/** Runs the `docker` command and gives back what it printed. @throws ExecaError with its output when it fails. */
export async function docker(args: readonly string[], options: { input?: string } = {}): Promise<string> {
  const { stdout } = await execa('docker', args, {
    stdin: options.input === undefined ? 'ignore' : 'pipe',
    ...options,
  });
  return stdout;
}

export async function imageExists(tag: string): Promise<boolean> {
  return (await execa('docker', ['image', 'inspect', tag], { reject: false, stdio: 'ignore' })).exitCode === 0;
}

async function engineAnswers(): Promise<boolean> {
  return (await execa('docker', ['info'], { reject: false, stdio: 'ignore', timeout: 15_000 })).exitCode === 0;
}

export async function commandExists(name: string): Promise<boolean> {
  const { exitCode } = await execa('sh', ['-c', `command -v ${name}`], { reject: false, stdio: 'ignore' });
  return exitCode === 0;
}

/** Installs packages of the distribution; needs root. */
export async function aptInstall(...packages: string[]): Promise<void> {
  const options = { env: { DEBIAN_FRONTEND: 'noninteractive' }, stdin: 'ignore', all: true } as const;
  try {
    await execa('apt-get', ['update', '-q'], options);
    await execa('apt-get', ['install', '-y', '-q', ...packages], options);
  } catch (cause) {
    throw new SetupError(
      `apt-get could not install ${packages.join(', ')}. Run "apt-get install ${packages.join(' ')}" by hand to see why, then run this again.`,
      { cause },
    );
  }
}

async function installEngine(): Promise<void> {
  await aptInstall('docker.io');
  // Debian 13 has the command in a package of its own.
  if (!(await commandExists('docker'))) await aptInstall('docker-cli');
}

async function startEngine(): Promise<void> {
  if (existsSync('/run/systemd/system')) {
    await execa('systemctl', ['start', 'docker'], { reject: false });
  } else {
    removeStalePidFile();
    const daemon = spawn('dockerd', [], { detached: true, stdio: 'ignore' });
    daemon.on('error', () => {}); // the deadline below reports it
    daemon.unref();
  }
  const deadline = Date.now() + engineStartDeadlineMs;
  while (Date.now() < deadline) {
    if (await engineAnswers()) return;
    await wait(500);
  }
  throw new SetupError(
    `The container engine was started but did not answer within ${engineStartDeadlineMs / 1000} s. Run "dockerd" by hand to see why.`,
  );
}

/** A machine that was switched off leaves the file behind, and dockerd then refuses to start. */
function removeStalePidFile(): void {
  if (!existsSync(dockerPidFile)) return;
  const pid = readFileSync(dockerPidFile, 'utf8').trim();
  const command = existsSync(`/proc/${pid}/comm`) ? readFileSync(`/proc/${pid}/comm`, 'utf8').trim() : '';
  if (command !== 'dockerd') rmSync(dockerPidFile, { force: true });
}
