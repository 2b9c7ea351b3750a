import assert from "node:assert/strict";
import { test } from "node:test";
import { interpolate, InterpolationError } from "./interpolate.ts";
import { parseDotenv } from "./parse-dotenv.ts";
import { parseYaml } from "./parse-yaml.ts";
import { splitWords } from "./split-words.ts";
import type { YamlNode } from "./yaml-tree.ts";

test("variables are replaced as Compose replaces them", () => {
  const variables = new Map([
    ["SET", "v"],
    ["EMPTY", ""],
  ]);
  const table: [string, string][] = [
    ["$SET ${SET}", "v v"],
    ["$UNSET|${EMPTY}", "|"],
    ["${UNSET:-d} ${EMPTY:-d} ${SET:-d}", "d d v"],
    ["${UNSET-d} ${EMPTY-d} ${SET-d}", "d  v"],
    ["${UNSET:+r}|${EMPTY:+r}|${SET:+r}", "||r"],
    ["${UNSET+r}|${EMPTY+r}|${SET+r}", "|r|r"],
    ["${SET:?e} ${SET?e}", "v v"],
    ["$$SET $${SET}", "$SET ${SET}"],
    ["a $ b ^x$ $} $1", "a $ b ^x$ $} $1"],
    ["${UNSET:-${SET}}", "v"],
    ['${UNSET:-{"a":1}}', '{"a":1}'],
    ["${UNSET-a?b}", "a?b"],
  ];
  for (const [text, expected] of table)
    assert.equal(
      interpolate(text, (name) => variables.get(name)),
      expected,
      text,
    );
});

test("wrong templates and missing required variables are errors", () => {
  const table: [string, string][] = [
    ["${V:?say it}", "required variable V is missing a value: say it"],
    ["${V?}", "required variable V is missing a value"],
    ["${}", 'Invalid template: "${}"'],
    ["${ x}", 'Invalid template: "${ x}"'],
    ["${x!}", 'Invalid template: "${x!}"'],
    ["${x", 'Invalid template: "${x": a brace is not closed'],
  ];
  for (const [text, message] of table) {
    const error = new InterpolationError(message);
    assert.throws(() => interpolate(text, () => undefined), error, text);
  }
});

test("only a variable that was used and is not set is told", () => {
  const unset: string[] = [];
  interpolate(
    "$A ${B:-x} ${C+$D} ${E}",
    () => undefined,
    (name) => unset.push(name),
  );
  assert.deepEqual(unset, ["A", "E"]);
});

test("environment files are parsed", () => {
  const text = `\ufeff# comment
A=1
export B = two words # not this
C: colon
D='lit $A # x'
E="esc \\n \\$A $A \\x\\|\\\\ \\""
F=$A-\${UNSET:-d}
OUTER
MISSING
G="two
lines"
H=
I=a#b`;
  const values = parseDotenv(text, (name) => (name === "OUTER" ? "out" : undefined));
  assert.deepEqual(Object.fromEntries(values), {
    A: "1",
    B: "two words",
    C: "colon",
    D: "lit $A # x",
    E: 'esc \n $A 1 \\x\\|\\ "',
    F: "1-d",
    OUTER: "out",
    G: "two\nlines",
    H: "",
    I: "a#b",
  });
});

test("a value may name what earlier files set; the caller and earlier lines go before it", () => {
  const before = new Map([
    ["A", "before"],
    ["OUTER", "before"],
  ]);
  const lookup = (name: string) => (name === "OUTER" ? "caller" : undefined);
  const values = parseDotenv("X=$A $OUTER\nA\nB=$A\nA=here\nC=$A", lookup, before);
  assert.deepEqual(Object.fromEntries(values), { X: "before caller", A: "here", B: "before", C: "here" });
});

test("a wrong environment file is an error with its line", () => {
  const none = () => undefined;
  assert.throws(() => parseDotenv("A=1\n\n=x", none), {
    message: 'line 3: unexpected character "=" in a variable name',
  });
  assert.throws(() => parseDotenv('A="x', none), { message: "line 1: a quote is not closed" });
  assert.throws(() => parseDotenv("A=1\nB C", none), { message: 'line 2: "=" is missing after "B"' });
});

test("commands are split into words without a shell", () => {
  const table: [string, string[]][] = [
    ["", []],
    ["a  b\tc", ["a", "b", "c"]],
    [`sh -c "echo 'x y' \\"q\\""`, ["sh", "-c", `echo 'x y' "q"`]],
    [`'' a\\ b`, ["", "a b"]],
    ["a && b > c", ["a", "&&", "b", ">", "c"]],
  ];
  for (const [text, words] of table) assert.deepEqual(splitWords(text), words, text);
  assert.throws(() => splitWords("a 'b"), { message: "a ' is not closed" });
});

test("YAML is read by the rules of yaml.v3", () => {
  const text = `
a: yes
b: no
c: on
d: true
e: 0777
f: 0o17
g: 0x1f
h: 1_000
i: ~
j:
k: "1"
l: 1.10
m: !!str 5
base: &base {x: 1, y: 2}
n: {<<: *base, y: 3}
o: {<<: [{x: 9}, *base]}
p: [*base]
`;
  assert.deepEqual(toPlain(parseYaml("f", text)!), {
    a: "yes",
    b: "no",
    c: "on",
    d: true,
    e: 511,
    f: 15,
    g: 31,
    h: 1000,
    i: null,
    j: null,
    k: "1",
    l: 1.1,
    m: "5",
    base: { x: 1, y: 2 },
    n: { y: 3, x: 1 },
    o: { x: 9, y: 2 },
    p: [{ x: 1, y: 2 }],
  });
});

test("wrong YAML is an error with its place", () => {
  const table: [string, string | RegExp][] = [
    ["a: 1\nb: 2\na: 3\n", /^f:3:1: key "a" is given twice, first in line 1$/],
    ["a: [1\n", /^f:\d+:\d+: /],
    ["a: *x\n", /^f:1:4: .*alias/i],
    ["a: !reset null\n", 'f:1:11: the tag "!reset" is not supported yet'],
    ["a: 1\n---\nb: 2\n", /several documents/],
    ["? [1, 2]\n: x\n", /^f:1:3: a key is a string, not a list/],
  ];
  for (const [text, message] of table) assert.throws(() => parseYaml("f", text), { message }, text);
});

test("aliases that multiply are stopped", () => {
  const lines = ["a0: &a0 [1,1,1,1,1,1,1,1,1,1]"];
  for (let level = 1; level < 9; level++) {
    lines.push(`a${level}: &a${level} [${`*a${level - 1},`.repeat(10)}]`);
  }
  assert.throws(() => parseYaml("f", lines.join("\n")), /more than 100000 values, aliases included/);
});

function toPlain(node: YamlNode): unknown {
  if (node.kind === "scalar") return node.value;
  if (node.kind === "sequence") return node.items.map(toPlain);
  return Object.fromEntries([...node.entries].map(([name, { value }]) => [name, toPlain(value)]));
}
