import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

/** Reads the arguments of a script of this project: `--help` prints the comment at its head and ends, what is not known ends with 2.
 * @param script path of the script's source, whose comment says how it is used
 * @param options names to "number" or "string" (undefined where not given) or "flag"
 * @returns `{ options, names }`, the arguments that are no options */
export function readArguments(script, options = {}) {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: Object.fromEntries(
        [...Object.entries(options), ["help", "flag"]].map(([name, kind]) => {
          return [name, { type: kind === "flag" ? "boolean" : "string" }];
        }),
      ),
    });
    if (values.help) {
      console.log(headOf(script));
      process.exit(0);
    }
    for (const [name, kind] of Object.entries(options))
      if (kind === "number" && values[name] !== undefined) values[name] = toNumber(name, values[name]);
    return { options: values, names: positionals };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(`${error.message}\n\n${headOf(script)}`);
    process.exit(2);
  }
}

function headOf(script) {
  const lines = readFileSync(script, "utf8").split("\n");
  const end = lines.findIndex((line) => !line.startsWith("//"));
  return lines
    .slice(0, end)
    .map((line) => line.replace(/^\/\/ ?/, ""))
    .join("\n");
}

function toNumber(name, text) {
  const number = Number(text);
  if (text === "" || !(number >= 0))
    throw new TypeError(`Option '--${name}' takes a number, not ${JSON.stringify(text)}`);
  return number;
}
