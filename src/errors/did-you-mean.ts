/** Bounds the work for names and lists that only an attacker writes. */
const maxLength = 200;
const maxOptions = 200;

/** The option nearest to `word`, or undefined when none is nearer than `maxDistance` edits. Case-insensitive;
 * the default is BuildKit's rule: a Levenshtein distance below 3 (util/suggest). A very long word has none, and of many
 * options only the first two hundred are looked at. */
export function nearest(word: string, options: Iterable<string>, maxDistance = 3): string | undefined {
  let best: string | undefined;
  let bestDistance = maxDistance;
  let count = 0;
  if (word.length > maxLength) return undefined;
  for (const option of options) {
    if (++count > maxOptions) break;
    if (option === word || Math.abs(option.length - word.length) >= bestDistance) continue;
    const distance = levenshtein(word.toLowerCase(), option.toLowerCase());
    if (distance < bestDistance) {
      best = option;
      bestDistance = distance;
    }
  }
  return best;
}

/** ` (did you mean X?)`, or nothing. */
export function didYouMean(word: string, options: Iterable<string>): string {
  const near = nearest(word, options);
  return near === undefined ? "" : ` (did you mean ${near}?)`;
}

function levenshtein(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(substitution, previous[j]! + 1, current[j - 1]! + 1));
    }
    previous = current;
  }
  return previous[b.length]!;
}
