import { stepPictures } from '@postern/invite';
import { Markup } from './markup.ts';

/** The three steps in pictures, in the colour of the text around them. */
export const stepIcons: Readonly<Record<'app' | 'scan' | 'chat', Markup>> = {
  app: icon(stepPictures.app),
  scan: icon(stepPictures.scan),
  chat: icon(stepPictures.chat),
};

function icon(path: string): Markup {
  return Markup.trusted(
    `<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="${path}"/></svg>`,
  );
}
