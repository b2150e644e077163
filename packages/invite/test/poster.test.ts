import { describe, expect, it } from 'vitest';
import { InviteError } from '@postern/invite';
import { posterPdf, posterSvg, type PosterWords } from '@postern/invite/poster';
import { visualRuns } from '../src/poster/bidi.ts';
import { loadFonts } from '../src/poster/fonts.ts';
import { setLine, setParagraph } from '../src/poster/lines.ts';

const poster = { name: 'chat.example.org', link: 'DCACCOUNT:chat.example.org' };
const style = { size: 20, weight: 400, direction: 'ltr', fonts: loadFonts() } as const;

describe('a poster', () => {
  it('says its words to who cannot see it', () => {
    const svg = posterSvg({ ...poster, note: 'Bread & <tea>' });
    expect(svg).toContain('<title>chat.example.org</title>');
    expect(svg).toContain('Come in and chat.');
    expect(svg).toContain('Bread &amp; &lt;tea&gt;');
    expect(svg).toContain('The same as a link: DCACCOUNT:chat.example.org</desc>');
  });

  it('leads to the invite where the code and the link stand', () => {
    expect(posterSvg(poster).match(/<a href="DCACCOUNT:chat.example.org">/g)).toHaveLength(2);
  });

  it('needs no font of the machine that shows it', () => {
    expect(posterSvg(poster)).not.toContain('<text');
  });

  it('is a PDF of one page, the same bytes for the same day', async () => {
    const date = new Date('2026-11-22T12:00:00Z');
    const [first, second] = await Promise.all([posterPdf({ ...poster, date }), posterPdf({ ...poster, date })]);
    expect(Buffer.from(first).subarray(0, 8).toString()).toBe('%PDF-1.7');
    expect(first).toEqual(second);
  });

  it('names a letter that it has no font for', () => {
    const words: PosterWords = {
      languageTag: 'zh',
      direction: 'ltr',
      headline: '你好',
      text: '',
      steps: ['', '', ''],
      linkLabel: '',
    };
    expect(() => posterSvg({ ...poster, words })).toThrow(
      new InviteError('letter', 'No font here has the letter "你" (U+4F60).'),
    );
  });
});

describe('a line', () => {
  it('runs from right to left in Persian, with Latin names the right way round', () => {
    expect(visualRuns('سلام Delta 12', 'rtl')).toEqual([
      { text: 'Delta 12', direction: 'ltr' },
      { text: 'سلام ', direction: 'rtl' },
    ]);
  });

  it('joins Arabic letters', () => {
    const width = (text: string): number => setLine(text, { ...style, direction: 'rtl' }).width;
    expect(width('سلام')).toBeLessThan('سلام'.split('').reduce((sum, letter) => sum + width(letter), 0));
  });

  it('is as wide as it is set', () => {
    const half = setLine('Come in', style).width;
    expect(setLine('Come in', { ...style, size: 40 }).width).toBeCloseTo(2 * half);
  });
});

describe('a paragraph', () => {
  it('keeps to its width, evenly', () => {
    const lines = setParagraph('Private messages with the free app. No phone number, no name, no form.', 400, style);
    expect(lines.map(({ text }) => text)).toEqual([
      'Private messages with the free app.',
      'No phone number, no name, no form.',
    ]);
  });

  it('breaks a link that is wider than a line, losing nothing', () => {
    const link = `DCACCOUNT:https://chat.example.org/new?token=${'k7'.repeat(60)}`;
    const lines = setParagraph(link, 400, style);
    expect(lines.length).toBeGreaterThan(2);
    expect(lines.map(({ text }) => text).join('')).toBe(link);
    for (const { width } of lines) expect(width).toBeLessThanOrEqual(400);
  });
});
