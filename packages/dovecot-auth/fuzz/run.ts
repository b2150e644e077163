/**
 * `npm run fuzz -- auth --runs N`: throws broken, mutated and half-true lines at every parser and session of this
 * package. A finding is anything but an answer or a DovecotProtocolError; it is printed with the seed that repeats it.
 */
import { parseArgs } from 'node:util';
import { ClientSession } from '../src/auth/client-session.ts';
import { UnclaimedLogins } from '../src/auth/logins.ts';
import { MasterSession } from '../src/auth/master-session.ts';
import { parseQuestion as parseStubQuestion } from '../src/checkpassword/messages.ts';
import { parseDictMessage } from '../src/dict/messages.ts';
import { readPasswordKey } from '../src/dict/password-key.ts';
import { Transactions } from '../src/dict/transactions.ts';
import { DovecotProtocolError } from '../src/errors.ts';
import { parseQuestion as parseHttpQuestion } from '../src/http/messages.ts';
import { LineDecoder } from '../src/lines.ts';
import { dovecotUserName } from '../src/user-name.ts';
import { Random } from './random.ts';

const limits = { maxOpenExchanges: 50, exchangeTimeoutMs: 1_000 };
const cookie = '0123456789abcdef0123456789abcdef';
const login = Buffer.from('\0alice@example.org\0correct horse').toString('base64');

/** True sentences of each protocol, to be broken. */
const sentences = {
  client: [
    'VERSION\t1\t2',
    'CPID\t7',
    `AUTH\t1\tPLAIN\tservice=imap\trip=::1\tresp=${login}`,
    'AUTH\t2\tLOGIN\tprotocol=smtp\tnologin',
    'CONT\t2\tYWxpY2U=',
    'CANCEL\t2',
  ],
  master: [
    'VERSION\t1\t2',
    `REQUEST\t9\t7\t1\t${cookie}\tsession_pid=3`,
    'USER\t1\talice@example.org\tservice=lmtp',
    'PASS\t2\tbob@example.org',
    'LIST\t3\tuser=a*',
    'CACHE-FLUSH\t4',
  ],
  dict: [
    'H3\t2\t0\t\tauth',
    'Lshared/userdb/a\talice',
    'I8\t0\tshared/userdb/\t*',
    'B1\talice\t0',
    'S1\tshared/x\ty',
    'A1\tshared/x\t-3',
    'U1\tshared/x',
    'T1\t12\t0',
    'C1',
    'R1',
    'V1\t1',
  ],
  stub: ['login 616c696365 70617373 696d6170 3a3a31', 'lookup 616c696365'],
  http: ['user=616c696365', 'password=70617373', 'service=696d6170'],
} as const;

/** One run: a few mutated lines, in any order, as one stream in any pieces. */
function attack(random: Random, protocol: keyof typeof sentences): Buffer[] {
  const lines = Array.from({ length: random.below(8) }, () => random.mutate(random.pick(sentences[protocol])));
  if (random.below(4) > 0) lines.unshift(...sentences[protocol].slice(0, 2));
  return random.pieces(Buffer.from(lines.map((line) => `${line}\n`).join(''), 'latin1'));
}

function feed(chunks: readonly Buffer[], take: (line: Buffer) => void): void {
  const decoder = new LineDecoder(4_096);
  for (const chunk of chunks) for (const line of decoder.push(chunk)) take(line);
}

const targets: Record<string, (random: Random) => void> = {
  client(random) {
    const session = new ClientSession({ serverPid: 1, connection: 1, cookie, userName: dovecotUserName, limits });
    session.start();
    feed(attack(random, 'client'), (line) => {
      for (const step of session.receive(line.toString('utf8'), random.below(10_000))) {
        if (step.kind === 'send') checkLine(step.line);
        if (step.kind !== 'verify') continue;
        if (!dovecotUserName.test(step.login.user)) throw new Error('a user name got through that cannot exist');
        const record = { user: step.login.user, fields: {} };
        const reason = random.text();
        for (const answer of session.answer(
          step.id,
          random.pick([{ kind: 'accepted', record }, { kind: 'refused', reason }, { kind: 'failed' }]),
        )) {
          if (answer.kind === 'send') checkLine(answer.line);
        }
      }
    });
  },
  master(random) {
    const logins = new UnclaimedLogins({ limit: 10, timeoutMs: 1_000 });
    const record = { user: 'alice@example.org', fields: { home: random.text() } };
    logins.add({ clientPid: 7, id: 1, cookie }, record, 0);
    const session = new MasterSession({ serverPid: 1, userName: dovecotUserName, logins });
    feed(attack(random, 'master'), (line) => {
      for (const step of session.receive(line.toString('utf8'), random.below(2_000))) {
        if (step.kind === 'send') checkLine(step.line);
      }
    });
  },
  dict(random) {
    const transactions = new Transactions();
    feed(attack(random, 'dict'), (line) => {
      const message = parseDictMessage(line.toString('utf8'));
      if (message.kind === 'begin') transactions.begin(message);
      if (message.kind === 'change' || message.kind === 'timestamp') transactions.edit(message);
      if (message.kind === 'commit' || message.kind === 'rollback') transactions.take(message.id);
    });
  },
  'password key'(random) {
    const key = random.mutate(`imap/::1/${'0a'.repeat(16)}$${'0b'.repeat(16)}$/alice@example.org`);
    try {
      readPasswordKey(key, new Uint8Array(32));
    } catch (cause) {
      if (!(cause instanceof Error)) throw cause; // every error is a temporary failure there
    }
  },
  stub(random) {
    feed(attack(random, 'stub'), (line) => parseStubQuestion(line.toString('latin1')));
  },
  http(random) {
    const question = parseHttpQuestion(
      random.pick(['/login', '/lookup', '/users', '/', '/x']),
      Buffer.concat(attack(random, 'http')).toString('latin1'),
    );
    if (question?.kind === 'login' && !(question.password instanceof Uint8Array))
      throw new Error('a login has no password');
  },
};

/** What we say must stay one line of fields. */
function checkLine(line: string): void {
  // oxlint-disable-next-line no-control-regex -- these are the characters that may not occur
  if (/[\0\r\n]/.test(line)) throw new Error(`a line of ours breaks: ${JSON.stringify(line)}`);
}

const { values } = parseArgs({ options: { runs: { type: 'string', default: '100000' }, seed: { type: 'string' } } });
const first = values.seed === undefined ? Date.now() % 0x7fff_ffff : Number(values.seed);
const runs = Number(values.runs);
let refused = 0;
for (let n = 0; n < runs; n += 1) {
  const seed = first + n;
  const random = new Random(seed);
  const [name, target] = random.pick(Object.entries(targets));
  try {
    target(random);
  } catch (cause) {
    if (cause instanceof DovecotProtocolError) {
      refused += 1;
      continue;
    }
    process.stderr.write(`finding in "${name}", repeat it with --runs 1 --seed ${seed}\n`);
    throw cause;
  }
}
process.stdout.write(`${runs} runs from seed ${first}: no finding (${refused} refused, ${runs - refused} answered)\n`);
