import type { PosterOptions } from '@postern/invite/poster';
import { newCredentials } from './credentials.ts';
import { accountInvite, isForOnePerson, loginInvite } from './invite-link.ts';
import { chooseLanguage } from './language-choice.ts';
import { readCustomisation } from './customisation.ts';
import type { WebSettings } from './settings.ts';

/** An invite that an operator hands out. */
export interface OperatorInvite {
  readonly link: string;
  /** The code is one account: whoever scans it second gets the same. */
  readonly isForOnePerson: boolean;
}

/**
 * The invite to a relay: for everybody, or with a token for whom it was made. Where the relay's certificate is
 * self-signed it is one new account; with a token it is then the page that makes one, because only the relay can say
 * whether the token still holds.
 */
export function operatorInvite(settings: WebSettings, token?: string): OperatorInvite {
  if (!isForOnePerson(settings)) return { link: accountInvite(settings, token), isForOnePerson: false };
  if (token !== undefined)
    return { link: `${settings.origin}/?token=${encodeURIComponent(token)}`, isForOnePerson: false };
  return { link: loginInvite(settings, newCredentials({ domain: settings.domain })), isForOnePerson: true };
}

/** A poster for an invite, in the words of a language: the nearest to the tag, or English. */
export function posterOf(settings: WebSettings, invite: OperatorInvite, languageTag: string): PosterOptions {
  const { languages } = readCustomisation(settings.customFolder);
  const { tag, direction, texts } = chooseLanguage(languages, { asked: languageTag, acceptLanguage: '' });
  return {
    name: settings.title ?? settings.domain,
    link: invite.link,
    words: {
      languageTag: tag,
      direction,
      headline: texts['poster-headline'],
      text: texts['poster-text'],
      steps: [texts['poster-step-app'], texts['poster-step-scan'], texts['poster-step-chat']],
      linkLabel: texts['poster-link'],
    },
    ...(invite.isForOnePerson && { note: texts['poster-one-person'] }),
  };
}
