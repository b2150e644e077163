import PdfDocument from 'pdfkit';
import { composePoster, type PosterOptions } from './compose.ts';
import type { Shape } from './drawing.ts';

export interface PosterPdfOptions extends PosterOptions {
  /** Written into the file as the day of its making; left out, it is now. */
  readonly date?: Date;
}

/** A poster as a PDF of one A4 page, with its words for screen readers and the link where the code is. @throws InviteError */
export async function posterPdf(options: PosterPdfOptions): Promise<Uint8Array<ArrayBuffer>> {
  const drawing = composePoster(options);
  const document = new PdfDocument({
    size: [drawing.width, drawing.height],
    margin: 0,
    lang: drawing.languageTag,
    tagged: true,
    displayTitle: true,
    pdfVersion: '1.7',
    info: { Title: drawing.title, Creator: 'Postern', CreationDate: options.date ?? new Date() },
  });
  const finished = collect(document);
  const figure = document.struct('Figure', { alt: drawing.description }, () => {
    for (const shape of drawing.shapes) draw(document, shape);
  });
  document.addStructure(figure);
  for (const { url, x, y, width, height } of drawing.links) document.link(x, y, width, height, url);
  document.end();
  return finished;
}

function draw(document: PDFKit.PDFDocument, shape: Shape): void {
  document.save();
  if (shape.kind === 'glyph') {
    const { glyph } = shape;
    document.translate(shape.x + glyph.x, shape.y + glyph.y).scale(glyph.scale, -glyph.scale, {});
    document.path(glyph.outline).fill(shape.color);
  } else {
    document.translate(shape.x, shape.y).scale(shape.scale);
    document.path(shape.path);
    if (shape.kind === 'fill') document.fill(shape.color);
    else document.lineCap('round').lineJoin('round').lineWidth(shape.lineWidth).stroke(shape.color);
  }
  document.restore();
}

async function collect(document: AsyncIterable<unknown>): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of document) if (chunk instanceof Uint8Array) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}
