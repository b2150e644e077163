import { setTimeout as pause } from 'node:timers/promises';
import { connect } from 'node:tls';
import type { CommandModule } from 'yargs';

const answerDeadlineMs = 5_000;
const betweenAttemptsMs = 100;
const webRequest = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';

/** What has to answer before a relay is of use to anybody, and its port on the relay itself. */
export const doors = { IMAP: 993, submission: 465, web: 443 };
export type Doors = Readonly<Record<keyof typeof doors, number>>;

interface Check {
  readonly name: keyof Doors;
  readonly greeting: RegExp;
  readonly request?: string;
}

const checks: readonly Check[] = [
  { name: 'IMAP', greeting: /^\* OK/ },
  { name: 'submission', greeting: /^220 / },
  { name: 'web', greeting: /^HTTP\/1\.1 200/, request: webRequest },
];

/** `postern health`: exit code 0 when IMAP, submission and the web page of this machine answer. */
export const healthCommand: CommandModule<object, { readonly wait: number }> = {
  command: 'health',
  describe: 'see whether IMAP, submission and the web page answer',
  builder: (yargs) =>
    yargs.option('wait', {
      type: 'number',
      default: 0,
      requiresArg: true,
      describe: 'give them so many seconds to begin to answer',
    }),
  async handler({ wait }) {
    const silent = await silentDoors(doors, wait);
    for (const { name } of checks) {
      process.stdout.write(`${name} ${silent.includes(name) ? 'does not answer' : 'answers'}\n`);
    }
    if (silent.length > 0) process.exitCode = 1;
  },
};

/** @returns what does not answer on its port, though it was given so many seconds to begin. */
export async function silentDoors(ports: Doors, seconds: number, host = '127.0.0.1'): Promise<readonly string[]> {
  const deadline = performance.now() + seconds * 1_000;
  for (let silent = checks; ; await pause(betweenAttemptsMs)) {
    const results = await Promise.all(
      silent.map(async (check) => ({ check, isFine: await answers(host, ports[check.name], check) })),
    );
    silent = results.filter(({ isFine }) => !isFine).map(({ check }) => check);
    if (silent.length === 0 || performance.now() > deadline) return silent.map(({ name }) => name);
  }
}

function answers(host: string, port: number, { greeting, request = '' }: Check): Promise<boolean> {
  return new Promise((resolve) => {
    // Nothing secret is sent: this only asks whether somebody answers, so the certificate does not matter.
    const socket = connect({
      port,
      host,
      rejectUnauthorized: false,
      timeout: answerDeadlineMs,
    });
    const settle = (result: boolean): void => {
      socket.destroy();
      resolve(result);
    };
    socket.once('secureConnect', () => socket.write(request));
    socket.once('data', (data: Buffer) => settle(greeting.test(data.toString('latin1'))));
    for (const event of ['error', 'timeout', 'close']) socket.once(event, () => settle(false));
  });
}
