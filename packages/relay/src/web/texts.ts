/** Every text that a language file can have; English has them all. */
export const textKeys = [
  'language-name',
  'direction',
  'headline',
  'headline-invite',
  'headline-closed',
  'about',
  'ease',
  'promise',
  'state-open',
  'state-invite',
  'state-closed',
  'button',
  'button-hint',
  'code-hint',
  'code-label',
  'one-person',
  'invited',
  'invite-lead',
  'closed-lead',
  'other-relays',
  'steps-title',
  'step-app',
  'step-app-text',
  'step-scan',
  'step-scan-text',
  'step-chat',
  'step-chat-text',
  'app-title',
  'app-text',
  'platform-ios',
  'platform-more',
  'keeps-title',
  'keeps-text',
  'keep-messages',
  'keep-large',
  'keep-account',
  'keep-for',
  'keep-always',
  'keep-room',
  'keep-login',
  'keep-login-value',
  'keep-name',
  'keep-name-value',
  'keep-ip',
  'keep-ip-value',
  'operator-title',
  'operator-text',
  'operator-unknown',
  'contact',
  'privacy',
  'software',
  'languages',
  'privacy-intro',
  'privacy-operator',
  'privacy-operator-missing',
  'privacy-data',
  'privacy-data-account',
  'privacy-data-mail',
  'privacy-data-cleartext',
  'privacy-data-connection',
  'privacy-none',
  'privacy-none-text',
  'privacy-time',
  'privacy-others',
  'privacy-others-mail',
  'privacy-others-push',
  'privacy-rights',
  'privacy-rights-leave',
  'privacy-rights-ask',
  'privacy-basis',
  'back',
  'poster-headline',
  'poster-text',
  'poster-step-app',
  'poster-step-scan',
  'poster-step-chat',
  'poster-link',
  'poster-one-person',
] as const;

export type TextKey = (typeof textKeys)[number];
export type Texts = Readonly<Record<TextKey, string>>;

/** A language's words with what they are filled with. */
export interface Language {
  /** RFC 5646: `de`, `pt-BR`. */
  readonly tag: string;
  readonly name: string;
  readonly direction: 'ltr' | 'rtl';
  readonly texts: Texts;
}

export function isTextKey(key: string): key is TextKey {
  return textKeys.some((known) => known === key);
}

/** The names in braces that a text is filled with. */
export function placeholders(text: string): readonly string[] {
  return [...new Set(Array.from(text.matchAll(/\{([a-z]+)\}/g), (match) => match[1] ?? ''))].toSorted();
}
