import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { DockerfileError } from "../dockerfile-error.ts";
import { parseDockerfile } from "../instructions/parse-dockerfile.ts";
import { parseSyntax } from "./parse-syntax.ts";
import { printDockerfile } from "./print-dockerfile.ts";
import type { SyntaxTree } from "./syntax-tree.ts";

test("a file is printed with one line for each instruction, below its comments", () => {
  const text = "# syntax=a\n# escape=`\n\n# why\nfrom x `\n as b\nRUN <<-E\n\tbody\n\tE\n";
  assert.equal(
    printDockerfile(parseSyntax(text, "Dockerfile")),
    "# syntax=a\n# escape=`\n\n#\n# why\nfrom x  as b\n\n#\nRUN <<-E\n\tbody\nE\n",
  );
});

test("a line too long for one is printed in several", () => {
  const part = ` ${"word ".repeat(8000)}\\\n`;
  const tree = parseSyntax(`FROM x\nRUN ${part.repeat(5)}end\n`, "Dockerfile");
  const printed = printDockerfile(tree);
  assert.ok(printed.split("\n").every((line) => line.length < 65_536));
  assert.equal(parseSyntax(printed, "Dockerfile").nodes[1]!.line, tree.nodes[1]!.line);
});

test("an escape character alone at the end, which is an instruction without a name, is kept", () => {
  const { nodes, directives } = parseSyntax("FROM x\n\\\n\n", "Dockerfile");
  assert.equal(nodes.length, 2);
  assert.equal(parseSyntax(printDockerfile({ nodes, directives }), "Dockerfile").nodes.length, 2);
});

const line = fc.oneof(
  { weight: 3, arbitrary: instruction() },
  fc.constantFrom(
    "",
    "  ",
    "# comment",
    "#",
    "# escape=`",
    "# check=skip=all",
    "EOF",
    "\tEOF",
    "\\",
    " \\",
    "`",
  ),
  fc.string(),
);
const file = fc
  .tuple(
    fc.constantFrom("", "# escape=`\n", "# syntax=x\n", "\ufeff"),
    fc.array(line, { maxLength: 12 }),
    fc.constantFrom("\n", "\r\n"),
  )
  .map(([head, lines, newline]) => `${head}FROM x${newline}${lines.join(newline)}`);

test("any text is parsed, or refused with a DockerfileError that has a location", () => {
  fc.assert(
    fc.property(file, (text) => void tryParse(text)),
    { numRuns: 1000 },
  );
});

test("what is printed parses to what was printed", () => {
  fc.assert(
    fc.property(file, (text) => {
      const tree = tryParse(text);
      if (!tree) return;
      const printed = printDockerfile(tree);
      const again = parseSyntax(printed, "Dockerfile");
      assert.deepEqual(withoutRanges(again), withoutRanges(tree));
      assert.equal(printDockerfile(again), printed);
    }),
    { numRuns: 1000 },
  );
});

// Worst cases of every loop that looks ahead: each must end in well below a second.
const hostile: readonly [string, string][] = [
  ["runs of spaces", `FROM x\nRUN ${" ".repeat(60_000)}x \\\n${" ".repeat(60_000)}y\n`],
  ["runs of carriage returns", `FROM x\nRUN ${"\r".repeat(60_000)}x\n`],
  ["a directive of spaces", `# syntax=${"  x".repeat(20_000)}\nFROM x\n`],
  ["quotes and escapes", `FROM x\nENV a=${"\\'\"".repeat(20_000)}\n`],
  ["nested ONBUILD", `FROM x\nONBUILD ${"ONBUILD ".repeat(8000)}RUN x\n`],
  ["many heredocs", `FROM x\nRUN ${"<<a ".repeat(15_000)}\n${"a\n".repeat(15_000)}`],
  ["nested substitutions", `FROM x\nRUN <<a ${"${a:-".repeat(12_000)}\na\n`],
  ["nested JSON", `FROM x\nCMD ${"[".repeat(65_000)}\n`],
  ["many flags", `FROM x\nRUN ${"--mount=type=cache ".repeat(3000)}x\n`],
  ["many short lines", `FROM x\nRUN a${" \\\n b".repeat(100_000)}\n`],
  ["many instructions", `FROM x\n${"ENV a=b\n".repeat(20_000)}`],
];

for (const [what, text] of hostile) {
  test(`${what} do not slow the parser down`, () => {
    const start = process.cpuUsage();
    tryParse(text);
    assert.ok(process.cpuUsage(start).user < 8_000_000, "microseconds of processor time");
  });
}

function tryParse(text: string): SyntaxTree | undefined {
  try {
    parseDockerfile(text);
    return parseSyntax(text, "Dockerfile");
  } catch (error) {
    assert.ok(error instanceof DockerfileError, `threw ${String(error)}`);
    assert.ok(error.location, "has no location");
    return undefined;
  }
}

function withoutRanges(tree: SyntaxTree): unknown {
  const { directives, nodes } = tree;
  return JSON.parse(
    JSON.stringify({ directives, nodes }, (key, value: unknown) => (key === "range" ? undefined : value)),
  );
}

/** Something that often is an instruction. */
function instruction(): fc.Arbitrary<string> {
  const keyword = fc.constantFrom(
    "RUN",
    "Copy",
    "ADD",
    "ENV",
    "label",
    "ARG",
    "CMD",
    "FROM",
    "HEALTHCHECK",
    "ONBUILD RUN",
    "ONBUILD COPY",
    "EXPOSE",
    "USER",
  );
  const word = fc.oneof(
    fc.constantFrom(
      "a",
      "b=c",
      "$x",
      "'q r'",
      '"',
      "'",
      "\\",
      "`",
      "<<EOF",
      "<<-'EOF'",
      "3<<E",
      "--from=x",
      "--",
      "--link",
      "AS",
      "CMD",
      '["a", "b"]',
      "[",
      "é",
      "\u00a0",
      "\v",
      "#",
    ),
    fc.string({ maxLength: 4 }),
  );
  const end = fc.constantFrom("", "", " \\", "\\", " `", "\\ \t", "\n#c", "\nEOF", "\n\tx\nEOF");
  return fc
    .tuple(keyword, fc.array(word, { maxLength: 4 }), end)
    .map(([name, words, tail]) => `${name} ${words.join(" ")}${tail}`);
}
