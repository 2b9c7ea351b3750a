/** Value of a variable, or undefined when it is not set. */
export type Lookup = (name: string) => string | undefined;

/** Replaces `$V`, `${V}`, `${V:-default}`, `${V-default}`, `${V:?message}`, `${V?message}`, `${V:+value}`, `${V+value}`; `$$` is a
 * dollar sign, and a dollar before anything else stays. Defaults are interpolated themselves, when used.
 * @param onUnset is told the name of a variable that was replaced by nothing
 * @throws {InterpolationError} the template is wrong or a required variable is missing */
export function interpolate(
  text: string,
  lookup: Lookup,
  onUnset: (name: string) => void = () => {},
): string {
  if (!text.includes("$")) return text;
  let result = "";
  for (let index = 0; index < text.length; ) {
    const dollar = text.indexOf("$", index);
    if (dollar < 0) return result + text.slice(index);
    result += text.slice(index, dollar);
    const rest = text.slice(dollar + 1);
    const name = /^[_a-z][_a-z0-9]*/i.exec(rest)?.[0];
    if (rest.startsWith("$")) {
      result += "$";
      index = dollar + 2;
    } else if (name !== undefined) {
      result += valueOf(name, lookup, onUnset);
      index = dollar + 1 + name.length;
    } else if (rest.startsWith("{")) {
      const inner = bracedText(rest, text);
      result += expand(inner, { lookup, onUnset, text });
      index = dollar + inner.length + 3;
    } else {
      result += "$";
      index = dollar + 1;
    }
  }
  return result;
}

export class InterpolationError extends Error {}

/** What stands between `{` and the brace that closes it; defaults may hold balanced braces. */
function bracedText(rest: string, text: string): string {
  let depth = 0;
  for (let index = 0; index < rest.length; index++) {
    if (rest[index] === "{") depth++;
    if (rest[index] === "}" && --depth === 0) return rest.slice(1, index);
  }
  throw new InterpolationError(`Invalid template: "${text}": a brace is not closed`);
}

interface Expansion {
  readonly lookup: Lookup;
  readonly onUnset: (name: string) => void;
  readonly text: string;
}

function expand(inner: string, { lookup, onUnset, text }: Expansion): string {
  const match = /^([_a-z][_a-z0-9]*)(?:(:?[-?+])(.*))?$/is.exec(inner);
  if (!match) throw new InterpolationError(`Invalid template: "${text}"`);
  const [, name = "", operator = "", word = ""] = match;
  const value = lookup(name);
  const isSet = operator.startsWith(":") ? Boolean(value) : value !== undefined;
  switch (operator.replace(":", "")) {
    case "-":
      return isSet ? value! : interpolate(word, lookup, onUnset);
    case "+":
      return isSet ? interpolate(word, lookup, onUnset) : "";
    case "?": {
      if (isSet) return value!;
      const message = interpolate(word, lookup, onUnset);
      throw new InterpolationError(
        `required variable ${name} is missing a value${message === "" ? "" : `: ${message}`}`,
      );
    }
    default:
      return valueOf(name, lookup, onUnset);
  }
}

function valueOf(name: string, lookup: Lookup, onUnset: (name: string) => void): string {
  const value = lookup(name);
  if (value === undefined) onUnset(name);
  return value ?? "";
}
