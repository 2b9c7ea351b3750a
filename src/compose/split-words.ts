/** Splits a command as Compose does (no shell runs): blanks separate, quotes and backslashes group as in a shell.
 * @throws {Error} a quote is not closed */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let index = 0; index < text.length; index++) {
    const character = text[index]!;
    if (quote !== "") {
      if (character === quote) quote = "";
      else if (character === "\\" && quote === '"' && /["\\$`]/.test(text[index + 1] ?? ""))
        word += text[++index]!;
      else word += character;
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word ??= "";
      if (character === "'" || character === '"') quote = character;
      else if (character === "\\" && index + 1 < text.length) word += text[++index]!;
      else word += character;
    }
  }
  if (quote !== "") throw new Error(`a ${quote} is not closed`);
  return word === undefined ? words : [...words, word];
}
