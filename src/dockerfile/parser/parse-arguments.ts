import { DockerfileError } from "../dockerfile-error.ts";
import { isSpace, quoteGo } from "../go-text.ts";
import type { EscapeToken } from "./directives.ts";
import type { Span } from "./split-command.ts";
import { separator } from "./split-command.ts";
import { splitAtSpace, splitQuoted } from "./split-words.ts";
import type { ArgumentForm } from "./syntax-tree.ts";

export interface Arguments {
  readonly form: ArgumentForm;
  readonly words: readonly Span[];
}

type Grammar = (rest: Span, escape: EscapeToken) => Arguments;

const grammars: Readonly<Record<string, Grammar>> = {
  add: jsonOrWords,
  arg: (rest, escape) => ({ form: "words", words: splitQuoted(rest, escape) }),
  cmd: jsonOrText,
  copy: jsonOrWords,
  entrypoint: jsonOrText,
  env: (rest, escape) => keyValues("ENV", rest, escape),
  expose: words,
  from: words,
  healthcheck: typeThenCommand,
  label: (rest, escape) => keyValues("LABEL", rest, escape),
  maintainer: text,
  run: jsonOrText,
  shell: jsonOrText,
  stopsignal: text,
  user: text,
  volume: jsonOrWords,
  workdir: text,
};

/** The names of all instructions, uppercase. */
export const instructionNames: readonly string[] = [...Object.keys(grammars), "onbuild"]
  .sort()
  .map((name) => name.toUpperCase());

/** Splits the arguments of the instruction `name` (lowercase) by its grammar; those of an unknown one are dropped.
 * @throws {DockerfileError} `DOCKERFILE_PARSE`; the caller knows the place */
export function parseArguments(name: string, rest: Span, escape: EscapeToken): Arguments {
  const grammar = Object.hasOwn(grammars, name) ? grammars[name] : undefined;
  return grammar && rest.text !== "" ? grammar(rest, escape) : { form: "words", words: [] };
}

function words(rest: Span): Arguments {
  return { form: "words", words: splitAtSpace(rest) };
}

function text(rest: Span): Arguments {
  return { form: "text", words: [rest] };
}

function jsonOrText(rest: Span): Arguments {
  return json(rest) ?? text(rest);
}

function jsonOrWords(rest: Span): Arguments {
  return json(rest) ?? words(rest);
}

/** Invalid JSON is no JSON: `[ -f x ] && y` is a shell command. */
function json(rest: Span): Arguments | undefined {
  if (!rest.text.startsWith("[")) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(rest.text);
  } catch {
    return undefined;
  }
  const strings = (value as readonly unknown[]).map((item) => {
    if (typeof item !== "string")
      throw new DockerfileError(
        "DOCKERFILE_PARSE",
        "when using JSON array syntax, arrays must be comprised of strings only",
      );
    return { ...rest, text: item.replace(/[\ud800-\udfff]/gu, "\ufffd") };
  });
  return { form: "json", words: strings };
}

function keyValues(instruction: string, rest: Span, escape: EscapeToken): Arguments {
  const pairs = splitQuoted(rest, escape);
  if (pairs.length === 0) return { form: "words", words: [] };
  if (!pairs[0]!.text.includes("=")) return legacyKeyValue(instruction, rest);
  for (const { text: pair } of pairs) {
    if (!pair.includes("=")) {
      throw new DockerfileError(
        "DOCKERFILE_PARSE",
        `Syntax error - can't find = in ${quoteGo(pair)}. Must be of the form: name=value`,
      );
    }
  }
  return { form: "words", words: pairs };
}

function legacyKeyValue(instruction: string, rest: Span): Arguments {
  const gap = separator.exec(rest.text);
  if (!gap) throw new DockerfileError("DOCKERFILE_PARSE", `${instruction} must have two arguments`);
  const keyEnd = rest.start + gap.index;
  const valueStart = keyEnd + gap[0].length;
  const key = { text: rest.text.slice(0, gap.index), start: rest.start, end: keyEnd };
  const value = { text: rest.text.slice(valueStart - rest.start), start: valueStart, end: rest.end };
  return { form: "legacy", words: [key, value] };
}

function typeThenCommand(rest: Span): Arguments {
  let typeEnd = 0;
  while (typeEnd < rest.text.length && !isSpace(rest.text[typeEnd]!)) typeEnd++;
  let start = typeEnd;
  while (start < rest.text.length && isSpace(rest.text[start]!)) start++;
  const type = { text: rest.text.slice(0, typeEnd), start: rest.start, end: rest.start + typeEnd };
  if (start === rest.text.length) return { form: "text", words: [type] };
  const command = jsonOrText({ text: rest.text.slice(start), start: rest.start + start, end: rest.end });
  return { form: command.form, words: [type, ...command.words] };
}
