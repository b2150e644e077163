import { qrSvg } from '@postern/invite';
import { newCredentials } from './credentials.ts';
import { markup, Markup } from './markup.ts';
import { accountInvite, isForOnePerson, loginInvite, readToken } from './invite-link.ts';
import type { Registration } from './registration.ts';
import type { WebResponse } from './response.ts';
import type { WebSettings } from './settings.ts';

/** The pages that people see. */
export interface Pages {
  invite(query: URLSearchParams, acceptLanguage: string): WebResponse;
}

export function createPages(settings: WebSettings, registration: Registration): Pages {
  return {
    invite(query) {
      const link = linkFor(settings, registration, readToken(query));
      const title = settings.title ?? settings.domain;
      const page = markup`<!doctype html>
<html lang="en">
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width" />
<title>${title}</title>
<h1>${title}</h1>
${
  link === undefined
    ? markup`<p>This relay takes no new accounts right now.</p>`
    : markup`<p><a href="${link}">Open Delta Chat</a></p>
<div>${Markup.trusted(qrSvg(link, { label: link, sizePx: 320 }))}</div>`
}
</html> `;
      return {
        status: 200,
        contentType: 'text/html; charset=utf-8',
        body: page.text,
        headers: { 'Cache-Control': 'no-store' },
      };
    },
  };
}

function linkFor(settings: WebSettings, registration: Registration, token: string | undefined): string | undefined {
  const state = registration.state();
  if (state === 'closed' || (state === 'invite' && token === undefined)) return undefined;
  if (isForOnePerson(settings)) return loginInvite(settings, newCredentials({ domain: settings.domain }));
  return accountInvite(settings, state === 'invite' ? token : undefined);
}
