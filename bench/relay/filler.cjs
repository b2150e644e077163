// Runs inside a relay: makes accounts with mailboxes, or adds messages to some of them.
// filler.cjs DOMAIN COUNT EVERY AGE,AGE,…
const { mkdirSync, utimesSync, writeFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const Database = createRequire('/opt/postern/packages/relay/')('better-sqlite3');

const [domain, count, every, ages] = process.argv.slice(2);
const now = Math.floor(Date.now() / 1000);
const today = Math.floor(now / 86_400);
const text = `Subject: [...]\r\n\r\n${`${'y'.repeat(70)}\r\n`.repeat(28)}`;
const name = (number) => `u${String(number).padStart(8, '0')}@${domain}`;

const database = new Database('/var/lib/postern/postern.db');
const insert = database.prepare(
  "insert or ignore into accounts (address, password, created_day, last_imap_day) values (?, '{LOCKED}', 20000, ?)",
);
for (let from = 0; from < Number(count); from += 5_000) {
  database.transaction(() => {
    for (let at = from; at < Math.min(Number(count), from + 5_000); at += 1) insert.run(name(at), today);
  })();
}
database.close();

process.setgid('vmail');
process.setuid('vmail');
for (let at = 0; at < Number(count); at += Number(every)) {
  const maildir = `/var/lib/postern/mail/${name(at)}/Maildir`;
  for (const folder of ['cur', 'new', 'tmp']) mkdirSync(`${maildir}/${folder}`, { recursive: true });
  for (const age of ages.split(',')) {
    const received = now - Math.floor(Number(age) * 86_400);
    const path = `${maildir}/cur/${received}.M${age}P${process.pid}.bench,S=${text.length},W=${text.length}:2,S`;
    writeFileSync(path, text);
    utimesSync(path, now, received);
  }
}
