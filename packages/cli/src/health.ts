import { connect } from 'node:tls';
import type { CommandModule } from 'yargs';

const answerDeadlineMs = 5_000;
const webRequest = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';

/** What has to answer before a relay is of use to anybody. */
const checks: readonly { name: string; port: number; greeting: RegExp; request?: string }[] = [
  { name: 'IMAP', port: 993, greeting: /^\* OK/ },
  { name: 'submission', port: 465, greeting: /^220 / },
  { name: 'web', port: 443, greeting: /^HTTP\/1\.1 200/, request: webRequest },
];

/** `postern health`: exit code 0 when IMAP, submission and the web page of this machine answer. */
export const healthCommand: CommandModule = {
  command: 'health',
  describe: 'see whether IMAP, submission and the web page answer',
  async handler() {
    const results = await Promise.all(checks.map(async (check) => ({ ...check, isFine: await answers(check) })));
    for (const { name, isFine } of results) process.stdout.write(`${name} ${isFine ? 'answers' : 'does not answer'}\n`);
    if (!results.every(({ isFine }) => isFine)) process.exitCode = 1;
  },
};

function answers({
  port,
  greeting,
  request = '',
}: {
  port: number;
  greeting: RegExp;
  request?: string;
}): Promise<boolean> {
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
