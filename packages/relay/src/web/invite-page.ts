import { qrSvg } from '@postern/invite';
import { stepIcons } from './icons.ts';
import { markup, Markup } from './markup.ts';
import { operatorSection, retentionList } from './relay-facts.ts';
import type { WebSettings } from './settings.ts';
import type { Wording } from './wording.ts';

/** What a visitor can do here at this moment. */
export type Offer =
  /** Scan or tap; `isForOnePerson` when the code is one account rather than an invite for many. */
  | { readonly kind: 'link'; readonly link: string; readonly isForOnePerson: boolean; readonly isInvited: boolean }
  /** An invite that makes one account at a press of the button. */
  | { readonly kind: 'ask'; readonly action: string }
  /** The relay's answer to an invite, in words for people. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'invite-needed' }
  | { readonly kind: 'closed' };

/** Where to get the app. Source: https://get.delta.chat, seen 2026-11. */
const shops = {
  googlePlay: 'https://play.google.com/store/apps/details?id=chat.delta',
  fDroid: 'https://f-droid.org/packages/com.b44t.messenger/',
  appStore: 'https://apps.apple.com/app/delta-chat/id1459523234',
  microsoftStore: 'https://apps.microsoft.com/detail/9pjtxx7hn3pk',
  macAppStore: 'https://apps.apple.com/app/delta-chat-desktop/id1462750497',
  flathub: 'https://flathub.org/apps/chat.delta.desktop',
  all: 'https://get.delta.chat',
} as const;
const otherRelays = 'https://chatmail.at/relays';

export interface InvitePageOptions {
  readonly settings: WebSettings;
  readonly wording: Wording;
  readonly offer: Offer;
  readonly privacyHref: string;
}

/** The page that explains the relay and lets people in: what stands between header and footer. */
export function invitePage(options: InvitePageOptions): Markup {
  const { settings, wording, offer, privacyHref } = options;
  const { say } = wording;
  const relay = settings.title ?? settings.domain;
  return markup`<main class="wrap">
<div class="hero">
<div class="words">
${state(offer, wording)}
<h1>${say(headlines[offer.kind])}</h1>
<p>${say('about', { relay })}${mayComeIn(offer) ? markup` ${say('ease')}` : undefined}</p>
<p class="quiet">${say('promise')}</p>
${action(offer, wording)}
</div>
${code(offer, { wording, relay })}
</div>
${offer.kind === 'closed' ? undefined : steps(wording)}
<section id="app" aria-labelledby="apps">
<h2 id="apps">${say('app-title')}</h2>
<p class="quiet">${say('app-text')}</p>
<ul class="apps">
<li><h3>Android</h3><p><a href="${shops.googlePlay}">Google Play</a><a href="${shops.fDroid}">F-Droid</a></p></li>
<li><h3>${say('platform-ios')}</h3><p><a href="${shops.appStore}">App Store</a></p></li>
<li><h3>Windows</h3><p><a href="${shops.microsoftStore}">Microsoft Store</a></p></li>
<li><h3>macOS</h3><p><a href="${shops.macAppStore}">Mac App Store</a></p></li>
<li><h3>Linux</h3><p><a href="${shops.flathub}">Flathub</a></p></li>
<li><h3>${say('platform-more')}</h3><p><a href="${shops.all}">get.delta.chat</a></p></li>
</ul>
</section>
<section aria-labelledby="keeps">
<h2 id="keeps">${say('keeps-title')}</h2>
<p class="quiet">${say('keeps-text')}</p>
${retentionList(settings, wording)}
</section>
<section class="operator" aria-labelledby="operator">
<h2 id="operator">${say('operator-title')}</h2>
${operatorSection(settings, wording)}
<p><a href="${privacyHref}">${say('privacy')}</a></p>
</section>
</main>`;
}

const headlines = {
  link: 'headline',
  ask: 'headline',
  refused: 'headline-invite',
  'invite-needed': 'headline-invite',
  closed: 'headline-closed',
} as const;

function mayComeIn({ kind }: Offer): boolean {
  return kind === 'link' || kind === 'ask';
}

function steps({ say }: Wording): Markup {
  return markup`<section aria-labelledby="steps">
<h2 id="steps">${say('steps-title')}</h2>
<ol class="steps">
<li>${stepIcons.app}<h3>${say('step-app')}</h3><p>${say('step-app-text')}</p></li>
<li>${stepIcons.scan}<h3>${say('step-scan')}</h3><p>${say('step-scan-text')}</p></li>
<li>${stepIcons.chat}<h3>${say('step-chat')}</h3><p>${say('step-chat-text')}</p></li>
</ol>
</section>`;
}

function state(offer: Offer, { say }: Wording): Markup {
  if (offer.kind === 'ask') return markup`<p class="state">${say('invited')}</p>`;
  if (offer.kind === 'link') return markup`<p class="state">${say(offer.isInvited ? 'invited' : 'state-open')}</p>`;
  return markup`<p class="state shut">${say(offer.kind === 'closed' ? 'state-closed' : 'state-invite')}</p>`;
}

function action(offer: Offer, { say }: Wording): Markup {
  const hint = markup`<p class="quiet"><a href="#app">${say('button-hint')}</a></p>`;
  if (offer.kind === 'link') {
    return markup`<div class="action"><a class="button" href="${offer.link}">${say('button')}</a>${hint}</div>`;
  }
  if (offer.kind === 'ask') {
    return markup`<form class="action" method="post" action="${offer.action}"><button class="button">${say('button')}</button>${hint}</form>`;
  }
  if (offer.kind === 'refused') return markup`<p><strong>${offer.reason}</strong></p>`;
  const lead = say(offer.kind === 'closed' ? 'closed-lead' : 'invite-lead');
  return markup`<p>${lead}</p><p><a href="${otherRelays}">${say('other-relays')}</a></p>`;
}

function code(
  offer: Offer,
  { wording, relay }: { readonly wording: Wording; readonly relay: string },
): Markup | undefined {
  if (offer.kind !== 'link') return undefined;
  const { say, plain } = wording;
  return markup`<figure class="code">
${Markup.trusted(qrSvg(offer.link, { label: plain('code-label', { relay }) }))}
<figcaption><span>${say('code-hint')}</span>${offer.isForOnePerson ? markup`<span class="quiet">${say('one-person')}</span>` : markup`<bdi class="link" dir="ltr">${offer.link}</bdi>`}</figcaption>
</figure>`;
}
