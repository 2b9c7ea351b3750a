/** Value of a variable, or undefined when it is not set. */
export type Lookup = (name: string) => string | undefined;

/** A variable as a template uses it. */
export interface Variable {
  readonly name: string;
  readonly operator: "" | "-" | ":-" | "+" | ":+" | "?" | ":?";
  /** What stands behind the operator: a template itself. */
  readonly word: string;
}

export class InterpolationError extends Error {}

/** Far above what an argument can be (128 KiB). */
const maxGrowth = 1024 * 1024;

/** Nobody nests defaults so deeply. */
const maxDepth = 100;

/** Replaces `$V`, `${V}`, `${V:-default}`, `${V-default}`, `${V:?message}`, `${V?message}`, `${V:+value}`, `${V+value}`; `$$` is a
 * dollar sign, and a dollar before anything else stays. Defaults are interpolated themselves, when used.
 * @param onUnset is told the name of a variable that was replaced by nothing
 * @throws {InterpolationError} the template is wrong or a required variable is missing */
export function interpolate(
  text: string,
  lookup: Lookup,
  onUnset: (name: string) => void = () => {},
): string {
  const expand = (template: string, depth: number): string => {
    if (!template.includes("$")) return template;
    if (depth > maxDepth) throw new InterpolationError("Invalid template: variables are nested too deeply");
    let result = "";
    for (const part of templateParts(template)) {
      result +=
        typeof part === "string"
          ? part
          : valueOf(part, { lookup, onUnset, expand: (word) => expand(word, depth + 1) });
      if (result.length > template.length + maxGrowth)
        throw new InterpolationError(`Invalid template: its value is longer than ${maxGrowth} characters`);
    }
    return result;
  };
  return expand(text, 0);
}

/** The variables of a template, those of defaults too, in the order in which they stand there.
 * @throws {InterpolationError} the template is wrong */
export function variablesOf(text: string, depth = 0): readonly Variable[] {
  if (depth > maxDepth) throw new InterpolationError("Invalid template: variables are nested too deeply");
  const used = [...templateParts(text)].filter((part) => typeof part !== "string");
  return used.flatMap((variable) => [variable, ...variablesOf(variable.word, depth + 1)]);
}

/** Text and variables of a template, in order. */
function* templateParts(text: string): Generator<string | Variable> {
  for (let index = 0; index < text.length; ) {
    const dollar = text.indexOf("$", index);
    if (dollar < 0) return yield text.slice(index);
    yield text.slice(index, dollar);
    const rest = text.slice(dollar + 1);
    const name = /^[_a-z][_a-z0-9]*/i.exec(rest)?.[0];
    if (rest.startsWith("$")) {
      yield "$";
      index = dollar + 2;
    } else if (name !== undefined) {
      yield { name, operator: "", word: "" };
      index = dollar + 1 + name.length;
    } else if (rest.startsWith("{")) {
      const inner = bracedText(rest, text);
      yield parseBraced(inner, text);
      index = dollar + inner.length + 3;
    } else {
      yield "$";
      index = dollar + 1;
    }
  }
}

/** What stands between `{` and the brace that closes it; defaults may hold balanced braces. */
function bracedText(rest: string, text: string): string {
  let depth = 0;
  for (let index = 0; index < rest.length; index++) {
    if (rest[index] === "{") depth++;
    if (rest[index] === "}" && --depth === 0) return rest.slice(1, index);
  }
  throw new InterpolationError(`Invalid template: "${text}": a brace is not closed`);
}

function parseBraced(inner: string, text: string): Variable {
  const match = /^([_a-z][_a-z0-9]*)(?:(:?[-?+])(.*))?$/is.exec(inner);
  if (!match) throw new InterpolationError(`Invalid template: "${text}"`);
  const [, name = "", operator = "", word = ""] = match;
  return { name, operator: operator as Variable["operator"], word };
}

interface Expansion {
  readonly lookup: Lookup;
  readonly onUnset: (name: string) => void;
  readonly expand: (word: string) => string;
}

function valueOf({ name, operator, word }: Variable, { lookup, onUnset, expand }: Expansion): string {
  const value = lookup(name);
  const isSet = operator.startsWith(":") ? Boolean(value) : value !== undefined;
  switch (operator) {
    case "":
      if (value === undefined) onUnset(name);
      return value ?? "";
    case "-":
    case ":-":
      return isSet ? value! : expand(word);
    case "+":
    case ":+":
      return isSet ? expand(word) : "";
    case "?":
    case ":?": {
      if (isSet) return value!;
      const message = expand(word);
      throw new InterpolationError(
        `required variable ${name} is missing a value${message === "" ? "" : `: ${message}`}`,
      );
    }
  }
}
