import { interpolate, type Lookup } from "./interpolate.ts";

/** Parses the text of an environment file by Compose's rules: comments, `export`, `K=V` and `K: V`, literal single quotes, double
 * quotes with escapes; unquoted and double-quoted values are interpolated. A name alone takes its value from `lookup` or is left out.
 * @param before what earlier files set, which values may name; `lookup` goes before it, and so do earlier lines
 * @throws {Error} with the line's number */
export function parseDotenv(
  text: string,
  lookup: Lookup,
  before: ReadonlyMap<string, string> = new Map(),
): Map<string, string> {
  const values = new Map<string, string>();
  const find: Lookup = (name) => lookup(name) ?? values.get(name) ?? before.get(name);
  let rest = text.replace(/^\ufeff/, "").replaceAll("\r\n", "\n");
  const lineOf = () =>
    text
      .replaceAll("\r\n", "\n")
      .slice(0, -rest.length || undefined)
      .split("\n").length;
  while ((rest = rest.replace(/^(?:\s+|#[^\n]*)+/, "")) !== "") {
    const head = /^(?:export[ \t]+)?([A-Za-z0-9_.\-[\]]+)[ \t]*([=:]?)[ \t]*/.exec(rest);
    if (!head)
      throw new Error(`line ${lineOf()}: unexpected character ${JSON.stringify(rest[0])} in a variable name`);
    const [whole, name = "", separator] = head;
    rest = rest.slice(whole.length);
    if (separator === "") {
      if (!/^(?:\n|#|$)/.test(rest)) throw new Error(`line ${lineOf()}: "=" is missing after "${name}"`);
      const inherited = lookup(name) ?? before.get(name);
      if (inherited !== undefined) values.set(name, inherited);
      continue;
    }
    const value = takeValue(rest, lineOf);
    rest = rest.slice(value.length);
    values.set(name, value.isLiteral ? value.text : interpolate(value.text, find));
  }
  return values;
}

interface TakenValue {
  readonly text: string;
  readonly length: number;
  readonly isLiteral: boolean;
}

function takeValue(rest: string, lineOf: () => number): TakenValue {
  const quote = rest[0];
  if (quote !== "'" && quote !== '"') {
    const line = /^[^\n]*/.exec(rest)![0];
    return { text: line.replace(/(^|\s)#.*$/, "").trim(), length: line.length, isLiteral: false };
  }
  const pattern = quote === "'" ? /^'((?:\\'|[^'])*)'/ : /^"((?:\\[\s\S]|[^"\\])*)"/;
  const match = pattern.exec(rest);
  if (!match) throw new Error(`line ${lineOf()}: a quote is not closed`);
  const tail = /^[^\n]*/.exec(rest.slice(match[0].length))![0];
  if (!/^\s*(#.*)?$/.test(tail)) throw new Error(`line ${lineOf()}: unexpected text after the closing quote`);
  const inner = match[1]!;
  return {
    text: quote === "'" ? inner.replaceAll("\\'", "'") : unescape(inner),
    length: match[0].length + tail.length,
    isLiteral: quote === "'",
  };
}

const escapes: Record<string, string> = {
  n: "\n",
  r: "\r",
  t: "\t",
  a: "\u0007",
  b: "\b",
  f: "\f",
  v: "\v",
  "\\": "\\",
  '"': '"',
};

/** `\$` becomes `$$`, which interpolation turns into a dollar sign; a backslash before an unknown character stays. */
function unescape(text: string): string {
  return text.replace(/\\([\s\S])/g, (whole: string, character: string) =>
    character === "$" ? "$$" : (escapes[character] ?? whole),
  );
}
