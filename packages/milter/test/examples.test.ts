import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, watch, writeFile, access } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestMta } from '../src/testing/index.ts';

const examples = join(import.meta.dirname, '../examples');
const readme = join(import.meta.dirname, '../README.md');
const children: ChildProcess[] = [];
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'milter-examples-'));
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

/** Runs a program until its socket is there. */
async function run(program: string, name: string): Promise<{ mta: TestMta; child: ChildProcess }> {
  const path = join(folder, `${name}.sock`);
  const appeared = (async () => {
    for await (const { filename } of watch(folder)) if (filename === `${name}.sock`) return;
  })();
  const child = spawn(process.execPath, ['--conditions=@postern/source', program, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await access(path).catch(() => appeared);
  return { mta: new TestMta({ path }), child };
}

describe('the example', () => {
  it('add-header adds a header', async () => {
    const { mta } = await run(join(examples, 'add-header.ts'), 'add');
    expect((await mta.deliver()).message.headers).toContainEqual(['X-Seen-By', 'add-header']);
  });

  it('reject-recipient refuses one recipient of two', async () => {
    const { mta } = await run(join(examples, 'reject-recipient.ts'), 'reject');
    const delivery = await mta.deliver({ to: ['Full@example.net', 'empty@example.net'] });
    expect(delivery.outcome).toBe('accepted');
    expect(delivery.refusedRecipients).toEqual([{ to: 'Full@example.net', reply: '452 4.2.2 Mailbox full' }]);
  });

  it('log-everything writes down what passes', async () => {
    const { mta, child } = await run(join(examples, 'log-everything.ts'), 'log');
    let output = '';
    const closed = new Promise<void>((resolve) => {
      child.stdout?.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        if (output.includes('close\n')) resolve();
      });
    });
    await mta.deliver({ headers: [['Subject', ' x']], body: 'Hello.\r\n' });
    await closed;
    expect(output).toBe(
      'connect client.example\nhelo client.example\nmail sender@example.org\nrcpt recipient@example.net\nheader Subject\nend after 8 bytes\nclose\n',
    );
  });

  it('quarantine puts a message on hold', async () => {
    const { mta } = await run(join(examples, 'quarantine.ts'), 'quarantine');
    expect(await mta.deliver({ body: 'You won the LOTTERY\r\n' })).toMatchObject({
      outcome: 'quarantined',
      quarantineReason: 'mentions a lottery',
    });
    expect((await mta.deliver()).outcome).toBe('accepted');
  });
});

describe('the program in the README', () => {
  it('has at most 25 lines and does what it says', async () => {
    const program = /```ts\n(.*?)```/s.exec(await readFile(readme, 'utf8'))?.[1] ?? '';
    expect(program.trimEnd().split('\n').length).toBeLessThanOrEqual(25);
    const file = join(folder, 'readme.ts');
    const entry = join(import.meta.dirname, '../src/index.ts');
    await writeFile(file, program.replace('@postern/milter', entry));
    const { mta, child } = await run(file, 'readme');
    expect((await mta.deliver()).message.headers).toContainEqual(['X-Gate', 'passed']);
    expect((await mta.deliver({ to: ['full@example.net'] })).reply).toBe('452 4.2.2 Mailbox full');
    expect((await mta.deliver({ body: 'x'.repeat(1_000_001) })).reply).toBe('552 5.3.4 Too large for us');
    child.kill('SIGTERM');
    await once(child, 'exit');
    expect(child.exitCode).toBe(0);
  });
});
