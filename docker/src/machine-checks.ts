import { access, constants, mkdir, statfs } from 'node:fs/promises';
import { createServer, connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { SetupError } from './progress.ts';
import type { Ports } from './start-options.ts';

const minimumFreeBytes = 500_000_000;

/** Makes sure that the data folder can be made, written and filled. @throws SetupError */
export async function checkDataFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SetupError(
      `--data ${path}: this folder cannot be used: ${why}. Name one that you may write to with --data DIR.`,
      { cause },
    );
  }
  const { bavail, bsize } = await statfs(path);
  if (bavail * bsize < minimumFreeBytes) {
    throw new SetupError(
      `--data ${path}: only ${Math.floor((bavail * bsize) / 1e6)} MB are free there; a relay needs at least ${minimumFreeBytes / 1e6} MB. Free some, or name another folder with --data DIR.`,
    );
  }
}

/** Makes sure that nobody else listens on the ports. @throws SetupError that names the port and the option. */
export async function checkPorts(ports: Ports): Promise<void> {
  const numbers = Object.values(ports);
  const twice = numbers.find((port, at) => numbers.indexOf(port) !== at);
  if (twice !== undefined)
    throw new SetupError(`Port ${twice} was given twice; every port option needs a number of its own.`);
  for (const [name, port] of Object.entries(ports)) {
    if (await isTaken(port)) {
      throw new SetupError(
        `Port ${port} is taken by another program on this machine (see: ss -ltnp "sport = :${port}"). Stop that program, or choose another port with --${name}-port.`,
      );
    }
  }
}

async function isTaken(port: number): Promise<boolean> {
  const code = await new Promise<string | undefined>((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'));
    server.listen({ port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
  // Low ports are not for everybody to bind, but the engine will bind it: then only see whether somebody answers.
  return code === 'EACCES' ? answers(port) : code !== undefined;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 1_000 });
    const settle = (result: boolean): void => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
    socket.once('timeout', () => settle(false));
  });
}

const virtualInterface = /^(docker|br-|veth|virbr|lo)/;

/** The address of this machine that others in the same network most likely reach; loopback if it has no network. */
export function ownAddress(): string {
  const addresses = Object.entries(networkInterfaces())
    .filter(([name]) => !virtualInterface.test(name))
    .flatMap(([, list]) => list ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal);
  return addresses[0]?.address ?? '127.0.0.1';
}
