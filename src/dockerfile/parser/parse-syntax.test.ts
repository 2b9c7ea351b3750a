import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSyntax } from "./parse-syntax.ts";

test("keyword, flags and words know their place in the file, across continuations", () => {
  const { nodes } = parseSyntax("FROM x\n  Copy --from=a \\\n    --chown=b  c/ \\\n d\n", "Dockerfile");
  const copy = nodes[1]!;
  assert.equal(copy.keyword, "Copy");
  assert.deepEqual(copy.range, { startLine: 2, startColumn: 3, endLine: 4, endColumn: 3 });
  const place = ({ text, range }: (typeof copy.words)[0]) => [
    text,
    range.startLine,
    range.startColumn,
    range.endLine,
    range.endColumn,
  ];
  assert.deepEqual(copy.flags.map(place), [
    ["--from=a", 2, 8, 2, 16],
    ["--chown=b", 3, 5, 3, 14],
  ]);
  assert.deepEqual(copy.words.map(place), [
    ["c/", 3, 16, 3, 18],
    ["d", 4, 2, 4, 3],
  ]);
});

test("a word that is continued over lines spans them", () => {
  const { nodes } = parseSyntax("FROM ab\\\ncd\n", "Dockerfile");
  assert.deepEqual(nodes[0]!.words, [
    { text: "abcd", range: { startLine: 1, startColumn: 6, endLine: 2, endColumn: 3 } },
  ]);
});

// Each row: a file, its escape token, the words of its instructions, why.
const files: readonly [string, string, string[][], string][] = [
  ["\ufeffFROM x", "\\", [["x"]], "a byte order mark and a missing newline"],
  ["FROM x\r\nENV a=b \\\r\n c=d\r\n", "\\", [["x"], ["a=b", "c=d"]], "CRLF"],
  [
    "# escape=`\nFROM x\nENV a=C:\\ b=c `\n d=e\n",
    "`",
    [["x"], ["a=C:\\", "b=c", "d=e"]],
    "another escape token",
  ],
  ["#escape = ` \n#syntax=a\nFROM x\n", "`", [["x"]], "white space around a directive's value"],
  ["  # ESCAPE=`\nFROM x\n", "`", [["x"]], "an indented directive"],
  ["\n# escape=`\nFROM x\n", "\\", [["x"]], "no directive after an empty line"],
  ["# comment\n# escape=`\nFROM x\n", "\\", [["x"]], "no directive after a comment"],
  ["# foo=bar\n# escape=`\nFROM x\n", "\\", [["x"]], "no directive after an unknown one"],
  ["#!/usr/bin/x\n# escape=`\nFROM x\n", "\\", [["x"]], "the parser stops at #!"],
  [
    "FROM x\nENV a=b\\\\\nENV c=d\n",
    "\\",
    [["x"], ["a=b\\\\"], ["c=d"]],
    "an escaped escape does not continue",
  ],
  ["FROM x\nENV a=b\\ \t\nc\n", "\\", [["x"], ["a=bc"]], "white space after the continuation"],
  ["\\\nFROM x\n", "\\", [["x"]], "a continuation alone on its line"],
  ["FROM x \\", "\\", [["x"]], "a continuation at the end of the file"],
  [
    "FROM x\nENV a=b \\\n# c\n\n  # d \\\n e=f\n",
    "\\",
    [["x"], ["a=b", "e=f"]],
    "comments and empty lines inside",
  ],
  [
    'FROM x\nENV a=\'b c\' d="e \\" f" g=h\\ i\n',
    "\\",
    [["x"], ["a='b c'", 'd="e \\" f"', "g=h\\ i"]],
    "quotes",
  ],
  ["FROM x\nENV a='b\n", "\\", [["x"], ["a='b"]], "a quote that is never closed"],
  ["FROM x\nARG\u00a0a\n", "\\", [["x"], []], "only ASCII white space ends the keyword"],
];

for (const [text, escape, words, why] of files) {
  test(`${JSON.stringify(text)} is split: ${why}`, () => {
    const { directives, nodes } = parseSyntax(text, "Dockerfile");
    assert.equal(directives.escape, escape);
    assert.deepEqual(
      nodes.map((node) => node.words.map((word) => word.text)),
      words,
    );
  });
}

test("syntax and check directives are found where BuildKit looks for them", () => {
  const { directives } = parseSyntax(
    "#!/x\n# Syntax = docker/dockerfile:1 \n#check=skip=A;error=true\nFROM x\n",
    "D",
  );
  assert.equal(directives.syntax?.value, "docker/dockerfile:1");
  assert.deepEqual(directives.check, {
    value: "skip=A;error=true",
    range: { startLine: 3, startColumn: 1, endLine: 3, endColumn: 25 },
  });
});

test("comments since the instruction before belong to an instruction, directives do not", () => {
  const text =
    "# escape=\\\n# dropped\n#\n# base it is\n#  more\nFROM x\n\n# a\n\n# b\nRUN x \\\n# inside\n y\nRUN z\n";
  const { nodes } = parseSyntax(text, "Dockerfile");
  assert.deepEqual(
    nodes.map((node) => node.prevComment),
    [["base it is", "more"], ["a", "b"], []],
  );
});

// Each row: the line of an instruction, the heredocs it announces as [name, expand, chomp].
const heredocs: readonly [string, [string, boolean, boolean][]][] = [
  ["RUN cat <<EOF", [["EOF", true, false]]],
  [
    "RUN cat <<-EOF 3<<'B' <<\"C\"",
    [
      ["EOF", true, true],
      ["B", false, false],
      ["C", false, false],
    ],
  ],
  ["RUN cat <<E'O'F", [["EOF", false, false]]],
  ["RUN cat << EOF >x", [["EOF", true, false]]],
  [
    "RUN cat <<\t'E F' << G",
    [
      ["E F", false, false],
      ["G", true, false],
    ],
  ],
  ["RUN cat << E\\ F", [["E F", true, false]]],
  ["RUN cat <<- EOF", []],
  ["RUN cat << <<", []],
  ["RUN cat a<< EOF", []],
  ["RUN cat '3'<< EOF", []],
  ["RUN cat <<<EOF", []],
  ["RUN echo '<<EOF'", []],
  ["RUN echo x<<EOF", []],
  ["RUN echo 'unbalanced <<EOF", []],
  ['RUN ["cat", "<<EOF"]', []],
  ["CMD cat <<EOF", []],
  ["ONBUILD RUN cat <<EOF", [["EOF", true, false]]],
  ["ONBUILD CMD cat <<EOF", []],
  ["COPY <<$a /b", [["$a", true, false]]],
  [
    "ADD <<a.txt <<b.txt /c/",
    [
      ["a.txt", true, false],
      ["b.txt", true, false],
    ],
  ],
];

for (const [line, wanted] of heredocs) {
  test(`${line} announces ${wanted.length} heredocs`, () => {
    const bodies = wanted.map(([name]) => `body\n${name}\n`).join("");
    const { nodes } = parseSyntax(`FROM x\n${line}\n${bodies}RUN after\n`, "Dockerfile");
    assert.equal(nodes.length, 3);
    assert.deepEqual(
      nodes[1]!.heredocs.map(({ name, expand, chomp }) => [name, expand, chomp]),
      wanted,
    );
  });
}
