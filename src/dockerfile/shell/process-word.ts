import { isSpace, quoteGo, space } from "../go-text.ts";
import type { EscapeToken } from "../parser/directives.ts";
import { ExpansionError } from "./expansion-error.ts";
import { parsePattern, replacePattern, trimPrefix, trimSuffix } from "./pattern.ts";

/** Where variables are looked up; a `Map` is one. */
export interface Environment {
  get(name: string): string | undefined;
}

export interface ExpandOptions {
  /** Default `\`. */
  readonly escape?: EscapeToken;
  /** Keep quotes in the result. */
  readonly rawQuotes?: boolean;
  /** Keep escape characters in the result. */
  readonly rawEscapes?: boolean;
  /** Treat quotes as ordinary characters: bodies of here-documents. */
  readonly skipQuotes?: boolean;
  /** Leave `$name` of an undefined variable as written. */
  readonly skipUnset?: boolean;
}

export interface ExpandedWord {
  readonly text: string;
  /** Names that were looked up and found, and those that were not. */
  readonly matched: ReadonlySet<string>;
  readonly unmatched: ReadonlySet<string>;
}

/** A result may be this much longer than the word: far above what an argument can be (128 KiB), far below what thirty times
 * `ENV a=$a$a` would make. */
const maxGrowth = 1024 * 1024;
const maxDepth = 200;

/** Most names; V8 compiles the other expression, for names in any script, ten times as long. */
const asciiName = /\d+(?!\w|[^\0-\x7f])|[@*#?\-$!]|[A-Za-z_]\w*(?!\w|[^\0-\x7f])/y;
const variableName = /\p{Nd}+|[@*#?\-$!]|[\p{L}_][\p{L}\p{Nd}_]*/uy;

/** Expands variables and removes quotes and escapes, as BuildKit does for most instructions (frontend/dockerfile/shell).
 * @throws {DockerfileError} `DOCKERFILE_EXPANSION`, for example `failed to process "${a": syntax error: missing '}'` */
export function processWord(word: string, env: Environment, options: ExpandOptions = {}): ExpandedWord {
  if (isPlain(word, options)) return { text: word, matched: new Set(), unmatched: new Set() };
  const lexer = new WordLexer(word, env, options);
  const { text } = processAll(lexer, word, options);
  return { text, matched: lexer.matched, unmatched: lexer.unmatched };
}

/** Expands like `processWord` and splits the result at white space that is neither quoted nor escaped; white space in a
 * variable's value splits too.
 * @throws {DockerfileError} `DOCKERFILE_EXPANSION` */
export function processWords(word: string, env: Environment, options: ExpandOptions = {}): readonly string[] {
  if (isPlain(word, options)) return word.split(space).filter((part) => part !== "");
  return processAll(new WordLexer(word, env, options), word, options).words;
}

/** Does every character stand for itself? Most words are so, and the lexer takes each character on its own. */
function isPlain(word: string, { escape = "\\" }: ExpandOptions): boolean {
  return !/[$'"<]/.test(word) && !word.includes(escape);
}

function processAll(lexer: WordLexer, word: string, options: ExpandOptions): Processed {
  try {
    return lexer.processUntil(undefined, options.rawEscapes ?? false);
  } catch (error) {
    if (!(error instanceof ExpansionError)) throw error;
    throw new ExpansionError(`failed to process ${quoteGo(word)}: ${error.message}`);
  }
}

/** An environment from `K=V` strings, the last of a name counting. */
export function toEnvironment(env: Iterable<string>): Map<string, string> {
  const map = new Map<string, string>();
  for (const entry of env) {
    const index = entry.indexOf("=");
    if (index < 0) map.set(entry, "");
    else map.set(entry.slice(0, index), entry.slice(index + 1));
  }
  return map;
}

interface Processed {
  readonly text: string;
  readonly words: readonly string[];
}

class WordLexer {
  readonly matched = new Set<string>();
  readonly unmatched = new Set<string>();
  readonly #source: string;
  readonly #env: Environment;
  readonly #options: ExpandOptions;
  readonly #escape: string;
  readonly #maxLength: number;
  #position = 0;
  #depth = 0;

  constructor(source: string, env: Environment, options: ExpandOptions) {
    this.#source = source;
    this.#env = env;
    this.#options = options;
    this.#escape = options.escape ?? "\\";
    this.#maxLength = source.length + maxGrowth;
  }

  /** Reads up to `stop`, or to the end when there is none. */
  processUntil(stop: string | undefined, rawEscapes: boolean): Processed {
    if (++this.#depth > maxDepth) throw new ExpansionError("substitutions are nested too deeply");
    let text = "";
    const words = new WordList();
    for (let char = this.#peek(); char !== undefined; char = this.#peek()) {
      if (char === stop) {
        this.#position += char.length;
        this.#depth--;
        return { text, words: words.finish() };
      }
      const piece = this.#special(char, rawEscapes);
      if (piece === undefined) text += this.#plain(char, words, rawEscapes);
      else {
        if (char === "$") words.addSplit(piece);
        else words.addWhole(piece);
        text += piece;
      }
      if (text.length > this.#maxLength)
        throw new ExpansionError(`result is longer than ${this.#maxLength} characters`);
    }
    if (stop !== undefined)
      throw new ExpansionError(`unexpected end of statement while looking for matching ${stop}`);
    return { text, words: words.finish() };
  }

  /** What a variable, a quoted text or the mark of a heredoc stands for; undefined for any other character. */
  #special(char: string, rawEscapes: boolean): string | undefined {
    if (char === "$") return this.#dollar();
    if (char === "<") return this.#heredocMark();
    const isQuote = (char === "'" || char === '"') && !this.#options.skipQuotes;
    return isQuote ? this.#quote(char, rawEscapes) : undefined;
  }

  /** White space behind `<<` belongs to the word that follows: it is the heredoc's delimiter. */
  #heredocMark(): string {
    const start = this.#position++;
    if (this.#peek() === "<") {
      this.#position++;
      while (isSpace(this.#peek() ?? "")) this.#position++;
    }
    return this.#source.slice(start, this.#position);
  }

  #plain(char: string, words: WordList, rawEscapes: boolean): string {
    this.#position += char.length;
    if (char !== this.#escape) {
      words.addSplit(char);
      return char;
    }
    const kept = rawEscapes ? char : "";
    if (kept) words.addWhole(kept);
    const escaped = this.#next();
    if (escaped !== undefined) words.addWhole(escaped);
    return kept + (escaped ?? "");
  }

  #quote(quote: string, rawEscapes: boolean): string {
    this.#position++;
    const mark = this.#options.rawQuotes ? quote : "";
    return mark + (quote === "'" ? this.#singleQuoted() : this.#doubleQuoted(rawEscapes)) + mark;
  }

  #singleQuoted(): string {
    const end = this.#source.indexOf("'", this.#position);
    if (end < 0)
      throw new ExpansionError("unexpected end of statement while looking for matching single-quote");
    const text = this.#source.slice(this.#position, end);
    this.#position = end + 1;
    return text;
  }

  #doubleQuoted(rawEscapes: boolean): string {
    let text = "";
    for (let char = this.#peek(); char !== undefined; char = this.#peek()) {
      if (char === "$") {
        text += this.#dollar();
        continue;
      }
      this.#position += char.length;
      if (char === '"') return text;
      text += char === this.#escape ? this.#escapedInQuotes(char, rawEscapes) : char;
    }
    throw new ExpansionError("unexpected end of statement while looking for matching double-quote");
  }

  /** Only a quote, a dollar sign and the escape character itself can be escaped between double quotes. */
  #escapedInQuotes(escape: string, rawEscapes: boolean): string {
    const kept = rawEscapes ? escape : "";
    const next = this.#peek();
    if (next === undefined) return kept;
    if (next !== '"' && next !== "$" && next !== escape) return kept + escape;
    this.#position++;
    return kept + next;
  }

  #dollar(): string {
    this.#position++;
    if (this.#peek() === "{") return this.#braces();
    const name = this.#name();
    if (name === "") return "$";
    return this.#lookUp(name) ?? (this.#options.skipUnset ? `$${name}` : "");
  }

  #braces(): string {
    this.#position++;
    const first = this.#peek();
    if (first === undefined) throw new ExpansionError("syntax error: missing '}'");
    if (first === "{" || first === "}" || first === ":")
      throw new ExpansionError("syntax error: bad substitution");
    const name = this.#name();
    const operator = this.#next();
    if (operator === "}") return this.#lookUp(name) ?? (this.#options.skipUnset ? `\${${name}}` : "");
    if (operator === "/") return this.#replacement(name);
    if (operator === ":") return this.#modified(name, this.#next(), ":");
    if (operator !== undefined && "+-?#%".includes(operator)) return this.#modified(name, operator, "");
    throw new ExpansionError(`unsupported modifier (${operator ?? "\ufffd"}) in substitution`);
  }

  #modified(name: string, operator = "\ufffd", colon: "" | ":"): string {
    const isTrim = operator === "#" || operator === "%";
    const word = this.#argument("}", isTrim, "syntax error: missing '}'");
    const value = this.#lookUp(name);
    const written = colon + operator;
    if (value === undefined && this.#options.skipUnset) return `\${${name}${written}${word}}`;
    const isSet = value !== undefined && !(colon && value === "");
    switch (operator) {
      case "-":
        return isSet ? value : word;
      case "+":
        return isSet ? word : "";
      case "?":
        if (isSet) return value;
        throw new ExpansionError(
          `${name}: ${word || `is not allowed to be ${value === undefined ? "unset" : "empty"}`}`,
        );
      case "#":
      case "%": {
        if (colon) break;
        const isGreedy = word.startsWith(operator);
        const pattern = parsePattern(isGreedy ? word.slice(1) : word);
        return (operator === "#" ? trimPrefix : trimSuffix)(value ?? "", pattern, isGreedy);
      }
    }
    throw new ExpansionError(`unsupported modifier (${written}) in substitution`);
  }

  #replacement(name: string): string {
    const isAll = this.#peek() === "/";
    if (isAll) this.#position++;
    const pattern = this.#argument("/", true, "syntax error: missing '/' in ${}");
    const replacement = this.#argument("}", true, "syntax error: missing '}'");
    const value = this.#lookUp(name);
    if (value === undefined && this.#options.skipUnset) return `\${${name}/${pattern}/${replacement}}`;
    return replacePattern(value ?? "", parsePattern(pattern), {
      replacement,
      isAll,
      maxLength: this.#maxLength,
    });
  }

  /** Reads the word up to `stop`; running into the end of the source is reported as `message`. */
  #argument(stop: string, rawEscapes: boolean, message: string): string {
    try {
      return this.processUntil(stop, rawEscapes).text;
    } catch (error) {
      if (error instanceof ExpansionError && this.#peek() === undefined) throw new ExpansionError(message);
      throw error;
    }
  }

  #lookUp(name: string): string | undefined {
    const value = this.#env.get(name);
    (value === undefined ? this.unmatched : this.matched).add(name);
    return value;
  }

  /** A name, a positional parameter (`$12`) or a special one (`$@`); empty when there is none. */
  #name(): string {
    const name = this.#match(asciiName) ?? this.#match(variableName) ?? "";
    this.#position += name.length;
    return name;
  }

  #match(expression: RegExp): string | undefined {
    expression.lastIndex = this.#position;
    return expression.exec(this.#source)?.[0];
  }

  #peek(): string | undefined {
    const code = this.#source.codePointAt(this.#position);
    return code === undefined ? undefined : String.fromCodePoint(code);
  }

  #next(): string | undefined {
    const char = this.#peek();
    this.#position += char?.length ?? 0;
    return char;
  }
}

/** Collects words: `addSplit` text may end a word, `addWhole` text never does. */
class WordList {
  readonly #words: string[] = [];
  #word = "";

  addSplit(text: string): void {
    const [first = "", ...others] = text.split(space);
    this.#word += first;
    for (const other of others) {
      this.finish();
      this.#word += other;
    }
  }

  addWhole(text: string): void {
    this.#word += text;
  }

  finish(): readonly string[] {
    if (this.#word !== "") this.#words.push(this.#word);
    this.#word = "";
    return this.#words;
  }
}
