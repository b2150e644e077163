export { englishPosterWords, type PosterOptions, type PosterWords } from './poster/compose.ts';
export { posterPdf, type PosterPdfOptions } from './poster/pdf.ts';
export { posterSvg } from './poster/svg.ts';
