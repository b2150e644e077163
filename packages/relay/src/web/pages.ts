import { createHash } from 'node:crypto';
import { brotliCompressSync } from 'node:zlib';
import { newCredentials } from './credentials.ts';
import { logoPolicy, type Customisation } from './customisation.ts';
import { accountInvite, isForOnePerson, loginInvite, readToken } from './invite-link.ts';
import { invitePage, type Offer } from './invite-page.ts';
import { chooseLanguage } from './language-choice.ts';
import { layout } from './layout.ts';
import type { Markup } from './markup.ts';
import { privacyPage } from './privacy-page.ts';
import type { Registration, Reservation } from './registration.ts';
import { contentSecurityPolicy, type WebResponse } from './response.ts';
import type { WebSettings } from './settings.ts';
import type { Language } from './texts.ts';
import { wordingOf, type Wording } from './wording.ts';

/** What of a request a page depends on. */
export interface Visit {
  readonly query: URLSearchParams;
  readonly acceptLanguage: string;
}

/** The pages that people see, and the logo on them. */
export interface Pages {
  invite(visit: Visit): WebResponse;
  /** The answer to the button of a single invite: its account, or the page again with the relay's reason. */
  redeemed(visit: Visit, reservation: Reservation): WebResponse;
  privacy(visit: Visit): WebResponse;
  logo(path: string): WebResponse | undefined;
}

export interface PagesOptions {
  readonly settings: WebSettings;
  readonly registration: Registration;
  readonly customisation: Customisation;
}

export function createPages({ settings, registration, customisation }: PagesOptions): Pages {
  const relay = settings.title ?? settings.domain;
  const wordings = new Map<string, Wording>(
    customisation.languages.map((language) => [language.tag, wordingOf(language)]),
  );
  const kept = new Map<string, WebResponse>();

  function wordingFor({ query, acceptLanguage }: Visit): Wording {
    const language = chooseLanguage(customisation.languages, { asked: query.get('lang') ?? undefined, acceptLanguage });
    return wordings.get(language.tag) ?? wordingOf(language);
  }

  function render(
    wording: Wording,
    page: { readonly title: string; readonly body: Markup; readonly path: string; readonly token?: string | undefined },
  ): string {
    const hrefIn = (language: Language): string => hrefOf(page.path, { lang: language.tag, token: page.token });
    return layout({ wording, customisation, relay, hrefIn, title: page.title, body: page.body }).text;
  }

  function renderInvite(wording: Wording, offer: Offer, token: string | undefined): string {
    const privacyHref = hrefOf('/privacy', { lang: wording.language.tag });
    const body = invitePage({ settings, wording, offer, privacyHref });
    return render(wording, { title: `${relay} · Delta Chat`, body, path: '/', token });
  }

  /** Pages that are the same for everybody are made once for each language and state. */
  function keep(key: string, make: () => string): WebResponse {
    const known = kept.get(key);
    if (known !== undefined) return known;
    const made = publicPage(make(), customisation.styleHash);
    kept.set(key, made);
    return made;
  }

  return {
    invite(visit) {
      const wording = wordingFor(visit);
      const state = registration.state();
      const token = state === 'invite' ? readToken(visit.query) : undefined;
      if (token === undefined && (state !== 'open' || !isForOnePerson(settings))) {
        return keep(`invite ${wording.language.tag} ${state}`, () =>
          renderInvite(wording, offerWithoutToken(), undefined),
        );
      }
      return privatePage(renderInvite(wording, offerFor(token), token), customisation.styleHash);
    },
    redeemed(visit, reservation) {
      const wording = wordingFor(visit);
      const offer: Offer =
        reservation.kind === 'credentials'
          ? { kind: 'link', link: loginInvite(settings, reservation), isForOnePerson: true, isInvited: true }
          : { kind: 'refused', reason: reservation.reason };
      const page = privatePage(renderInvite(wording, offer, undefined), customisation.styleHash);
      return reservation.kind === 'refused' ? { ...page, status: 403 } : page;
    },
    privacy(visit) {
      const wording = wordingFor(visit);
      const { tag } = wording.language;
      const title = `${wording.plain('privacy')} · ${relay}`;
      const backHref = hrefOf('/', { lang: tag });
      return keep(`privacy ${tag}`, () =>
        render(wording, { title, body: privacyPage({ settings, wording, backHref }), path: '/privacy' }),
      );
    },
    logo(path) {
      const { logo } = customisation;
      if (path !== logo.path) return undefined;
      const headers = {
        'Cache-Control': 'public, max-age=31536000, immutable',
        'Content-Security-Policy': logoPolicy(),
      };
      return { status: 200, contentType: logo.contentType, body: logo.bytes, headers };
    },
  };

  function offerWithoutToken(): Offer {
    const state = registration.state();
    if (state === 'closed') return { kind: 'closed' };
    if (state === 'invite') return { kind: 'invite-needed' };
    return { kind: 'link', link: accountInvite(settings), isForOnePerson: false, isInvited: false };
  }

  /** A page of one visitor's own. */
  function offerFor(token: string | undefined): Offer {
    if (token === undefined) {
      const link = loginInvite(settings, newCredentials({ domain: settings.domain }));
      return { kind: 'link', link, isForOnePerson: true, isInvited: false };
    }
    if (isForOnePerson(settings)) return { kind: 'ask', action: hrefOf('/redeem', { token }) };
    return { kind: 'link', link: accountInvite(settings, token), isForOnePerson: false, isInvited: true };
  }
}

function hrefOf(path: string, parameters: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return `${path}?${new URLSearchParams(given).toString()}`;
}

function publicPage(html: string, styleHash: string): WebResponse {
  const page = privatePage(html, styleHash);
  const etag = `"${createHash('sha256').update(html).digest('base64url').slice(0, 22)}"`;
  return {
    ...page,
    brotli: brotliCompressSync(html),
    headers: { ...page.headers, 'Cache-Control': 'no-cache', Vary: 'Accept-Language, Accept-Encoding', ETag: etag },
  };
}

function privatePage(html: string, styleHash: string): WebResponse {
  return {
    status: 200,
    contentType: 'text/html; charset=utf-8',
    body: Buffer.from(html),
    headers: { 'Cache-Control': 'no-store', 'Content-Security-Policy': contentSecurityPolicy([styleHash]) },
  };
}
