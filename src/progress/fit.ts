import stringWidth from "string-width";

const segmenter = new Intl.Segmenter();

/** `text` cut to `width` columns, an ellipsis in place of its end. For text without escape sequences. */
export function fit(text: string, width: number): string {
  if (width <= 0) return "";
  if (isNarrowText(text) ? text.length <= width : stringWidth(text) <= width) return text;
  let cut = "";
  let used = 0;
  for (const { segment } of segmenter.segment(text.slice(0, width * 4))) {
    used += stringWidth(segment);
    if (used > width - 1) break;
    cut += segment;
  }
  return `${cut}…`;
}

/** Columns that `text` takes. */
export function widthOf(text: string): number {
  return isNarrowText(text) ? text.length : stringWidth(text);
}

/** Printable ASCII: one column per character. The common case, far cheaper than segmentation. */
function isNarrowText(text: string): boolean {
  return /^[ -~]*$/.test(text);
}
