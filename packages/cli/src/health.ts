import { setTimeout as pause } from 'node:timers/promises';
import { connect } from 'node:tls';
import type { CommandModule } from 'yargs';

const answerDeadlineMs = 5_000;
const betweenAttemptsMs = 100;
const webRequest = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';

interface Check {
  readonly name: string;
  readonly port: number;
  readonly greeting: RegExp;
  readonly request?: string;
}

/** What has to answer before a relay is of use to anybody. */
const checks: readonly Check[] = [
  { name: 'IMAP', port: 993, greeting: /^\* OK/ },
  { name: 'submission', port: 465, greeting: /^220 / },
  { name: 'web', port: 443, greeting: /^HTTP\/1\.1 200/, request: webRequest },
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
    const deadline = performance.now() + wait * 1_000;
    let silent = checks;
    for (;;) {
      const results = await Promise.all(silent.map(async (check) => ({ check, isFine: await answers(check) })));
      silent = results.filter(({ isFine }) => !isFine).map(({ check }) => check);
      if (silent.length === 0 || performance.now() > deadline) break;
      await pause(betweenAttemptsMs);
    }
    for (const check of checks) {
      process.stdout.write(`${check.name} ${silent.includes(check) ? 'does not answer' : 'answers'}\n`);
    }
    if (silent.length > 0) process.exitCode = 1;
  },
};

function answers({ port, greeting, request = '' }: Check): Promise<boolean> {
  return new Promise((resolve) => {
    // Nothing secret is sent: this only asks whether somebody answers, so the certificate does not matter.
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, timeout: answerDeadlineMs });
    const settle = (result: boolean): void => {
      socket.destroy();
      resolve(result);
    };
    socket.once('secureConnect', () => socket.write(request));
    socket.once('data', (data: Buffer) => settle(greeting.test(data.toString('latin1'))));
    for (const event of ['error', 'timeout', 'close']) socket.once(event, () => settle(false));
  });
}
