import assert from "node:assert/strict";
import { test } from "node:test";
import { convert } from "./test-helpers.ts";

// Each row: a file, the labels of the image that docker build makes of it, and what is given on the command line.
const cases: readonly [
  text: string,
  labels: Readonly<Record<string, string>>,
  given?: { readonly buildArgs?: Readonly<Record<string, string>>; readonly target?: string },
][] = [
  // A global ARG is not known in a stage before the stage declares it, which gives it the global value.
  [
    "ARG A=g\nFROM busybox\nLABEL x=[$A]\nARG A\nLABEL y=[$A]\nARG A=local\nLABEL z=[$A]\n",
    { x: "[]", y: "[g]", z: "[local]" },
  ],
  ["ARG A=g\nARG B=$A-b\nARG A=h\nFROM busybox\nARG A B\nLABEL a=$A b=$B\n", { a: "h", b: "g-b" }],
  // A stage inherits what the stage below it declared.
  [
    "FROM busybox AS base\nARG A=1\nENV E=$A\nFROM base\nLABEL a=$A e=$E\nARG A=2\nLABEL c=$A\n",
    { a: "1", e: "1", c: "2" },
  ],
  // An ARG behind an ENV of the same name changes the variable for the instructions below it.
  [
    "FROM busybox\nENV A=env\nARG A=arg\nLABEL a=$A\nARG B=arg\nENV B=env\nLABEL b=$B\n",
    { a: "arg", b: "env" },
  ],
  ["FROM busybox\nENV abc=hello\nENV abc=bye def=$abc\nLABEL d=$def g=$abc\n", { d: "hello", g: "bye" }],
  // Not set, and set to nothing.
  [
    "FROM busybox\nARG A\nLABEL a=${A-unset} b=${A:-empty} c=${A+set} d=${A:+full}\nARG A=\nLABEL e=${A-unset} f=${A:-empty} g=${A+set} h=${A:+full}\n",
    { a: "unset", b: "empty", c: "", d: "", e: "", f: "empty", g: "set", h: "" },
  ],
  // Each argument of an ARG sees those before it.
  ["FROM busybox\nARG A=1 B=$A C\nLABEL a=$A b=$B c=$C\n", { a: "1", b: "1", c: "" }],
  [
    'FROM busybox\nARG A="x y" B=\'z $A\' D="$A"\nLABEL a=$A b=$B d="$D" e=$D\n',
    { a: "x y", b: "z $A", d: "x y", e: "x y" },
  ],
  // Predefined ones need an ARG in a stage, and give way to a default of their own.
  [
    "FROM busybox\nLABEL s=[$TARGETARCH]\nARG TARGETARCH TARGETPLATFORM TARGETVARIANT BUILDOS\nLABEL t=$TARGETARCH p=$TARGETPLATFORM v=[$TARGETVARIANT] o=$BUILDOS\n",
    { s: "[]", t: "amd64", p: "linux/amd64", v: "[]", o: "linux" },
  ],
  ["FROM busybox\nARG TARGETARCH=mine\nLABEL u=$TARGETARCH\n", { u: "mine" }],
  ["ARG TARGETARCH=glob\nFROM busybox\nARG TARGETARCH\nLABEL u=$TARGETARCH\n", { u: "glob" }],
  [
    "FROM busybox\nARG TARGETARCH BUILDPLATFORM\nLABEL a=$TARGETARCH b=$BUILDPLATFORM\n",
    { a: "foo", b: "x" },
    { buildArgs: { TARGETARCH: "foo", BUILDPLATFORM: "x" } },
  ],
  // The name of the target as it was given, that of the last stage, or `default`.
  ["FROM busybox AS last\nARG TARGETSTAGE\nLABEL t=$TARGETSTAGE\n", { t: "last" }],
  ["FROM busybox\nARG TARGETSTAGE\nLABEL t=$TARGETSTAGE\n", { t: "default" }],
  [
    "FROM busybox AS x\nARG TARGETSTAGE\nLABEL t=$TARGETSTAGE\nFROM busybox AS y\n",
    { t: "X" },
    { target: "X" },
  ],
  // A build argument goes before every default, which is then not even expanded.
  ["ARG A=g\nFROM busybox\nARG A=l\nLABEL a=$A\n", { a: "cli" }, { buildArgs: { A: "cli" } }],
  ["FROM busybox\nARG A=${X:?no}\nLABEL a=$A\n", { a: "1" }, { buildArgs: { A: "1" } }],
  ["FROM busybox\nARG A=d\nLABEL a=[$A]\n", { a: "[]" }, { buildArgs: { A: "" } }],
  ["FROM busybox\nARG A\nENV A=env\nARG A\nLABEL a=$A\n", { a: "cli" }, { buildArgs: { A: "cli" } }],
  // Proxies need no ARG in a RUN, but do in what the builder expands.
  [
    "FROM busybox\nLABEL a=[$HTTP_PROXY] b=[$http_proxy]\nARG HTTP_PROXY\nLABEL c=$HTTP_PROXY\n",
    { a: "[]", b: "[]", c: "http://p" },
    { buildArgs: { HTTP_PROXY: "http://p" } },
  ],
  // ONBUILD: in the stage that is built on it, once, before its own instructions, with its variables.
  ["FROM busybox AS b\nONBUILD ARG Z=1\nONBUILD ENV ZZ=$Z\nARG Z=9\nFROM b\nLABEL a=$ZZ\n", { a: "1" }],
  [
    "FROM busybox AS b\nONBUILD LABEL a=1\nFROM b AS c\nLABEL b=2\nFROM c\nLABEL c=3\n",
    { a: "1", b: "2", c: "3" },
  ],
  ["FROM busybox AS b\nONBUILD ENV A=1\nFROM b\nLABEL a=$A\nFROM b\nONBUILD LABEL n=1\n", {}],
];

for (const [text, labels, given = {}] of cases) {
  test(`${JSON.stringify(text)} with ${JSON.stringify(given)}`, async () => {
    const { config } = await convert(text, given);
    assert.deepEqual(config.config?.Labels ?? {}, labels);
  });
}
