import { escapeXml } from '../xml.ts';
import { numberText, type Drawing, type Shape } from './drawing.ts';
import { composePoster, type PosterOptions } from './compose.ts';

/** A poster as an SVG document of A4 size; letters are outlines, so that it looks the same everywhere. @throws InviteError */
export function posterSvg(options: PosterOptions): string {
  const drawing = composePoster(options);
  const glyphIds = new Map<string, string>();
  const definitions: string[] = [];
  for (const shape of drawing.shapes) {
    if (shape.kind !== 'glyph' || glyphIds.has(shape.glyph.id)) continue;
    const id = `g${glyphIds.size}`;
    glyphIds.set(shape.glyph.id, id);
    definitions.push(`<path id="${id}" d="${compact(shape.glyph.outline)}"/>`);
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="210mm" height="297mm" viewBox="0 0 ${drawing.width} ${drawing.height}" role="img" lang="${escapeXml(drawing.languageTag)}">`,
    `<title>${escapeXml(drawing.title)}</title><desc>${escapeXml(drawing.description)}</desc>`,
    `<path fill="#fff" d="M0 0H${drawing.width}V${drawing.height}H0Z"/>`,
    `<defs>${definitions.join('')}</defs>`,
    ...drawing.shapes.map((shape) => shapeElement(shape, glyphIds)),
    ...linkAreas(drawing),
    '</svg>\n',
  ].join('\n');
}

function shapeElement(shape: Shape, glyphIds: ReadonlyMap<string, string>): string {
  if (shape.kind === 'glyph') {
    const { glyph } = shape;
    const at = `translate(${numberText(shape.x + glyph.x)} ${numberText(shape.y + glyph.y)}) scale(${glyph.scale.toFixed(6)} ${(-glyph.scale).toFixed(6)})`;
    return `<use href="#${glyphIds.get(glyph.id) ?? ''}" fill="${escapeXml(shape.color)}" transform="${at}"/>`;
  }
  const color = escapeXml(shape.color);
  const paint =
    shape.kind === 'fill'
      ? `fill="${color}" shape-rendering="crispEdges"`
      : `fill="none" stroke="${color}" stroke-width="${numberText(shape.lineWidth)}" stroke-linecap="round" stroke-linejoin="round"`;
  return `<path ${paint} transform="translate(${numberText(shape.x)} ${numberText(shape.y)}) scale(${numberText(shape.scale)})" d="${shape.path}"/>`;
}

function linkAreas({ links }: Drawing): readonly string[] {
  return links.map(
    ({ url, x, y, width, height }) =>
      `<a href="${escapeXml(url)}"><path fill="#fff" fill-opacity="0" d="M${numberText(x)} ${numberText(y)}h${numberText(width)}v${numberText(height)}h-${numberText(width)}z"/></a>`,
  );
}

/** Font units are fine enough without decimals. */
function compact(outline: string): string {
  return outline.replace(/-?\d+\.\d+/g, (number) => String(Math.round(Number(number))));
}
