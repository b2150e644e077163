import { markup, type Markup } from './markup.ts';
import type { WebSettings } from './settings.ts';
import type { Wording } from './wording.ts';

/** What the relay keeps and for how long, row by row, as it is configured. */
export function retentionList({ retention }: WebSettings, { say, days, bytes }: Wording): Markup {
  const { messageDays, largeMessageDays, largeMessageBytes, unusedAccountDays, mailboxBytes, recordsLastLogin } =
    retention;
  const lasting = (count: number | undefined): Markup =>
    count === undefined ? say('keep-always') : say('keep-for', { days: days(count) });
  const rows: (readonly [Markup, Markup | string])[] = [[say('keep-messages'), lasting(messageDays)]];
  if (largeMessageDays !== undefined && largeMessageBytes !== undefined) {
    rows.push([say('keep-large', { size: bytes(largeMessageBytes) }), lasting(largeMessageDays)]);
  }
  if (unusedAccountDays !== undefined) rows.push([say('keep-account'), lasting(unusedAccountDays)]);
  if (mailboxBytes !== undefined) rows.push([say('keep-room'), bytes(mailboxBytes)]);
  if (recordsLastLogin === true) rows.push([say('keep-login'), say('keep-login-value')]);
  rows.push([say('keep-name'), say('keep-name-value')], [say('keep-ip'), say('keep-ip-value')]);
  return markup`<dl class="keeps">${rows.map(([term, fact]) => markup`<div><dt>${term}</dt><dd>${fact}</dd></div>`)}</dl>`;
}

/** Who runs the relay and how to reach them. */
export function operatorSection(settings: WebSettings, { say }: Wording): Markup {
  const { operator } = settings;
  const relay = settings.title ?? settings.domain;
  const href = operator.contact === undefined ? undefined : contactHref(operator.contact);
  return markup`<p>${operator.name === undefined ? say('operator-unknown') : say('operator-text', { relay, operator: operator.name })}</p>
${
  operator.contact === undefined
    ? undefined
    : href === undefined
      ? markup`<p><bdi>${operator.contact}</bdi></p>`
      : markup`<p><a href="${href}">${say('contact')}</a></p>`
}`;
}

/** A link for a contact that is one; anything else is shown as it stands. Never `javascript:` and the like. */
export function contactHref(contact: string): string | undefined {
  if (/^(?:https|mailto|xmpp|tel|openpgp4fpr):/i.test(contact)) return contact;
  return /^[^\s@:/]+@[^\s@:/]+$/.test(contact) ? `mailto:${contact}` : undefined;
}
