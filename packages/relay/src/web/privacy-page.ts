import { markup, type Markup } from './markup.ts';
import { contactHref, retentionList } from './relay-facts.ts';
import type { WebSettings } from './settings.ts';
import type { Wording } from './wording.ts';

export interface PrivacyPageOptions {
  readonly settings: WebSettings;
  readonly wording: Wording;
  readonly backHref: string;
}

/** The privacy policy, from the operator's details and the relay's configuration. */
export function privacyPage({ settings, wording, backHref }: PrivacyPageOptions): Markup {
  const { say } = wording;
  const relay = settings.title ?? settings.domain;
  return markup`<main class="wrap policy">
<h1>${say('privacy')}</h1>
<p>${say('privacy-intro', { relay })}</p>
<h2>${say('privacy-operator')}</h2>
${responsible(settings, wording)}
<h2>${say('privacy-data')}</h2>
<p>${say('privacy-data-account')}</p>
<p>${say('privacy-data-mail')}</p>
${settings.acceptsCleartext === false ? undefined : markup`<p>${say('privacy-data-cleartext')}</p>`}
<p>${say('privacy-data-connection')}</p>
<h2>${say('privacy-none')}</h2>
<p>${say('privacy-none-text')}</p>
<h2>${say('privacy-time')}</h2>
${retentionList(settings, wording)}
<h2>${say('privacy-others')}</h2>
<p>${say('privacy-others-mail')}</p>
${settings.sendsNotifications === true ? markup`<p>${say('privacy-others-push')}</p>` : undefined}
<h2>${say('privacy-rights')}</h2>
${settings.retention.unusedAccountDays === undefined ? undefined : markup`<p>${say('privacy-rights-leave')}</p>`}
<p>${say('privacy-rights-ask')}</p>
<p>${say('privacy-basis')}</p>
<p><a href="${backHref}">${say('back')}</a></p>
</main>`;
}

function responsible({ operator }: WebSettings, { say }: Wording): Markup {
  const { name, address, contact } = operator;
  if (name === undefined && address === undefined && contact === undefined) {
    return markup`<p>${say('privacy-operator-missing')}</p>`;
  }
  const href = contact === undefined ? undefined : contactHref(contact);
  const lines = [name, address].filter((line) => line !== undefined).join('\n');
  return markup`${lines === '' ? undefined : markup`<address><bdi>${lines}</bdi></address>`}
${contact === undefined ? undefined : markup`<p>${href === undefined ? contact : markup`<a href="${href}"><bdi dir="ltr">${contact}</bdi></a>`}</p>`}`;
}
