import { escapeHtml } from './markup.ts';
import type { WebResponse } from './response.ts';
import { textResponse } from './response.ts';
import type { MailPort, WebSettings } from './settings.ts';

const socketTypes = { ssl: 'SSL', starttls: 'STARTTLS', plain: 'plain' } as const;

/** How mail clients find the servers (Thunderbird's autoconfiguration, `config-v1.1.xml`); clients use exactly these. */
export function autoconfig(settings: WebSettings): WebResponse {
  const domain = escapeHtml(settings.domain);
  const body = `<?xml version="1.0" encoding="UTF-8"?>
<clientConfig version="1.1">
  <emailProvider id="${domain}">
    <domain>${domain}</domain>
    <displayName>${escapeHtml(settings.title ?? settings.domain)}</displayName>
    <displayShortName>${domain}</displayShortName>
${[
  ...settings.imap.map((port) => serverElement('incomingServer', 'imap', port)),
  ...settings.smtp.map((port) => serverElement('outgoingServer', 'smtp', port)),
].join('\n')}
  </emailProvider>
</clientConfig>
`;
  return { status: 200, contentType: 'text/xml; charset=utf-8', body, headers: { 'Cache-Control': 'max-age=300' } };
}

/** RFC 8461 §3.2: lines end with CRLF or LF; `mx` may repeat. */
export function mtaSts(policy: NonNullable<WebSettings['mtaSts']>): WebResponse {
  const lines = [
    'version: STSv1',
    `mode: ${policy.mode}`,
    ...policy.mx.map((host) => `mx: ${host}`),
    `max_age: ${policy.maxAgeSeconds}`,
  ];
  return textResponse(`${lines.join('\r\n')}\r\n`);
}

/** Nothing here is of use to a search engine, and invites are none of its business. */
export function robots(): WebResponse {
  return textResponse('User-agent: *\nDisallow: /\n');
}

function serverElement(element: string, type: string, port: MailPort): string {
  return `    <${element} type="${type}">
      <hostname>${escapeHtml(port.host)}</hostname>
      <port>${port.port}</port>
      <socketType>${socketTypes[port.security]}</socketType>
      <authentication>password-cleartext</authentication>
      <username>%EMAILADDRESS%</username>
    </${element}>`;
}
