import {
  accept,
  createMilter,
  discard,
  type Milter,
  reject,
  reply,
  skip,
  tempfail,
  type Verdict,
} from '@postern/milter';

const verdicts: Readonly<Record<string, Exclude<Verdict, { kind: 'skip' }>>> = {
  accept,
  reject,
  tempfail,
  reply: reply(554, '5.7.1', 'Command refused, 100%'),
};

/** The filter that the miltertest scripts are written for: it does what an address, a name or a header tells it. */
export function miltertestFilter(log: string[]): Milter {
  const told = (text: string, stage: string): Exclude<Verdict, { kind: 'skip' }> | undefined => {
    const [verdict = '', at] = text.replace(/@.*/, '').split('-at-');
    return at === stage ? verdicts[verdict] : undefined;
  };
  return createMilter({
    name: 'miltertest',
    actions: ['addHeader', 'changeHeader', 'replaceBody', 'addRecipient', 'deleteRecipient', 'quarantine'],
    connection: () => ({ helo: '' }),
    message: () => ({ sender: '', task: '' }),
    on: {
      connect: ({ hostname }) => {
        const verdict = told(hostname, 'connect');
        return verdict?.kind === 'discard' ? undefined : verdict;
      },
      helo: ({ name }) => {
        const verdict = told(name, 'helo');
        return verdict?.kind === 'discard' ? undefined : verdict;
      },
      mail: ({ from }, { message }) => {
        message.sender = from;
        return from.startsWith('discard-') ? discard : told(from, 'mail');
      },
      rcpt: ({ to }) => told(to, 'rcpt'),
      data: (_, { message }) => told(message.sender, 'data'),
      unknown: () => reject,
      header: ({ name, value }, { message }) => {
        if (name === 'X-Task') message.task = value;
        return told(message.sender, 'header');
      },
      endOfHeaders: (_, { message }) => told(message.sender, 'eoh'),
      body: (_, { message }) => (message.task === 'skip' ? skip : told(message.sender, 'body')),
      endOfMessage: (_, { message, edit }) => {
        switch (message.task) {
          case 'add':
            edit.addHeader('X-Added', 'yes');
            break;
          case 'insert':
            edit.insertHeader(0, 'X-Inserted', 'yes');
            break;
          case 'change':
            edit.changeHeader('Subject', 'changed');
            break;
          case 'delete':
            edit.deleteHeader('Subject');
            break;
          case 'body':
            edit.replaceBody('a new body\r\n');
            break;
          case 'rcpt':
            edit.addRecipient('<added@example.com>');
            edit.deleteRecipient('<recipient@example.com>');
            break;
          case 'quarantine':
            edit.quarantine('odd');
            break;
          default:
        }
        return told(message.sender, 'eom');
      },
      abort: () => void log.push('abort'),
      close: () => void log.push('close'),
    },
  });
}
