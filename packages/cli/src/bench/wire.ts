import { isIP } from 'node:net';
import { connect } from 'node:tls';

export interface Service {
  readonly host: string;
  readonly port: number;
}

const deadlineMs = 30_000;

export interface Credentials {
  readonly address: string;
  readonly password: string;
}

/** Milliseconds until the server has greeted, and until it has let the account in. */
export interface Login {
  readonly greetedMs: number;
  readonly loggedInMs: number;
}

export function loginToImap(service: Service, { address, password }: Credentials): Promise<Login> {
  return login(service, { greeting: /^\* OK/, steps: [[`a LOGIN "${address}" "${password}"`, /^a OK/m]] });
}

export function loginToSmtp(service: Service, { address, password }: Credentials): Promise<Login> {
  const token = Buffer.from(`\0${address}\0${password}`).toString('base64');
  const steps: Script['steps'] = [
    ['EHLO bench.example', /^250 /m],
    [`AUTH PLAIN ${token}`, /^235 /m],
  ];
  return login(service, { greeting: /^220 /m, steps });
}

interface Script {
  readonly greeting: RegExp;
  readonly steps: readonly (readonly [command: string, answer: RegExp])[];
}

/** No certificate is checked: the password is one that this program has just made up. */
function login({ host, port }: Service, { greeting, steps }: Script): Promise<Login> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const socket = connect({
      host,
      port,
      ...(isIP(host) === 0 && { servername: host }),
      rejectUnauthorized: false,
      timeout: deadlineMs,
    });
    socket.setNoDelay(true);
    let [text, at, greetedMs] = ['', -1, 0];
    const fail = (reason: string): void => {
      socket.destroy();
      reject(new Error(`${host}:${port}: ${reason}`));
    };
    socket.on('error', (error) => fail(error.message));
    socket.on('timeout', () => fail('no answer'));
    socket.on('close', () => fail('the server closed the connection'));
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const expected = at === -1 ? greeting : steps[at]?.[1];
      if (!text.endsWith('\n') || expected?.test(text) !== true) return;
      if (at === -1) greetedMs = performance.now() - start;
      text = '';
      at += 1;
      const next = steps[at];
      if (next !== undefined) return void socket.write(`${next[0]}\r\n`);
      resolve({ greetedMs, loggedInMs: performance.now() - start });
      socket.destroy();
    });
  });
}
