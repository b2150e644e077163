import { Conversation } from './conversation.ts';
import type { TestRelay } from './relay.ts';

interface Login {
  readonly address: string;
  readonly password: string;
}

/** A way in which clients reach a relay: logs in, and gives what the server said to that and the version of TLS. */
export type WayIn = (relay: TestRelay, login: Login) => Promise<{ reply: string; tls: string | null }>;

/** All ways for mail clients, by the names that operators know them by. */
export const waysIn: Readonly<Record<string, WayIn>> = {
  'IMAP on 993': imap((relay) => Conversation.open(relay.at(993))),
  'IMAP on 143, after STARTTLS': imap((relay) => Conversation.openInClear(relay.at(143), ['s STARTTLS']), 'in clear'),
  'IMAP on 443, by ALPN': imap((relay) => Conversation.open(relay.at(443), 'imap')),
  'submission on 465': smtp((relay) => Conversation.open(relay.at(465))),
  'submission on 587, after STARTTLS': smtp(
    (relay) => Conversation.openInClear(relay.at(587), ['EHLO client.example', 'STARTTLS']),
    'in clear',
  ),
  'submission on 443, by ALPN': smtp((relay) => Conversation.open(relay.at(443), 'smtp')),
};

type Greeting = 'encrypted' | 'in clear';

function imap(open: (relay: TestRelay) => Promise<Conversation>, greeting: Greeting = 'encrypted'): WayIn {
  return async (relay, { address, password }) => {
    await using session = await open(relay);
    if (greeting === 'encrypted') await session.expect('* OK');
    session.send(`a LOGIN "${address}" "${password}"\r\n`);
    let reply = await session.reply();
    while (!reply.startsWith('a ')) reply = await session.reply();
    return { reply: reply.replace(/^a /, ''), tls: session.tlsVersion };
  };
}

function smtp(open: (relay: TestRelay) => Promise<Conversation>, greeting: Greeting = 'encrypted'): WayIn {
  return async (relay, { address, password }) => {
    await using session = await open(relay);
    if (greeting === 'encrypted') await session.expect('220');
    session.send('EHLO client.example\r\n');
    await session.expect('250');
    session.send(`AUTH PLAIN ${Buffer.from(`\0${address}\0${password}`).toString('base64')}\r\n`);
    return { reply: await session.reply(), tls: session.tlsVersion };
  };
}
