import { ExpansionError } from "../shell/expansion-error.ts";
import { processWords } from "../shell/process-word.ts";

/** What a word like `<<EOF`, `3<<-"EOF"` announces. */
export interface HeredocWord {
  readonly name: string;
  readonly expand: boolean;
  readonly chomp: boolean;
}

const heredocWord = /^[0-9]*<<(-?)[\t\n\f\r ]*([^<]*)$/;
const noVariables = new Map<string, string>();

/** Reads a heredoc word; undefined when `word` is none.
 * @throws {DockerfileError} `DOCKERFILE_EXPANSION` for unbalanced quotes in the delimiter */
function parseHeredocWord(word: string): HeredocWord | undefined {
  const match = heredocWord.exec(word);
  if (!match?.[2]) return undefined;
  const words = processWords(match[2], noVariables, { skipUnset: true });
  if (words.length !== 1) return undefined;
  const name = words[0]!;
  const quoted = processWords(match[2], noVariables, { skipUnset: true, rawQuotes: true })[0] ?? "";
  return { name, chomp: match[1] === "-", expand: countQuotes(name) === countQuotes(quoted) };
}

/** Is this word a heredoc? Words that cannot be read are none. */
export function tryParseHeredocWord(word: string): HeredocWord | undefined {
  try {
    return parseHeredocWord(word);
  } catch (error) {
    if (error instanceof ExpansionError) return undefined;
    throw error;
  }
}

/** The heredocs that an instruction's line announces, in order. The escape character is always `\` here. A line whose
 * quotes do not match announces none: it may be meant for another language than the shell's. */
export function heredocsOfLine(line: string): readonly HeredocWord[] {
  if (!line.includes("<<")) return [];
  return wordsOfLine(line).flatMap((word) => parseHeredocWord(word) ?? []);
}

function wordsOfLine(line: string): readonly string[] {
  try {
    return processWords(line, noVariables, { skipUnset: true, rawQuotes: true, rawEscapes: true });
  } catch (error) {
    if (error instanceof ExpansionError) return [];
    throw error;
  }
}

/** The content of a heredoc: for `<<-` without the tabs at the start of each line. */
export function heredocContent(heredoc: { readonly body: string; readonly chomp: boolean }): string {
  return heredoc.chomp ? heredoc.body.replace(/(^|\n)\t+/g, "$1") : heredoc.body;
}

function countQuotes(text: string): number {
  return text.replace(/[^'"]/g, "").length;
}
