import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../usage-error.ts";
import { splitCsv } from "./csv.ts";
import { parseKeyValues, parseLabels } from "./key-values.ts";
import { parseOutput } from "./parse-output.ts";
import { parseSecret } from "./parse-secret.ts";

test("comma-separated values may be quoted", () => {
  assert.deepEqual(splitCsv('a,"b,c",d=""e'), ["a", "b,c", 'd=""e']);
  assert.deepEqual(splitCsv('"x ""y"""'), ['x "y"']);
  assert.throws(() => splitCsv('"a,b'), { message: 'Cannot parse ""a,b": a double quote is not closed' });
});

test("build arguments come from the text or the environment, and unset names are left out", () => {
  const env = { HOME: "/root", EMPTY: "" };
  assert.deepEqual(parseKeyValues("--build-arg", ["A=1", "HOME", "EMPTY", "UNSET", "B=x=y", "A=2"], env), {
    A: "2",
    HOME: "/root",
    EMPTY: "",
    B: "x=y",
  });
  assert.throws(() => parseKeyValues("--build-arg", ["=x"], {}), UsageError);
});

test("a build argument named __proto__ is one like others", () => {
  assert.deepEqual(Object.keys(parseKeyValues("--build-arg", ["__proto__=x"], {})), ["__proto__"]);
});

test("labels without value are empty", () => {
  assert.deepEqual(parseLabels(["a=b", "c"]), { a: "b", c: "" });
});

test("outputs are parsed as Docker parses them", () => {
  const table: [string, unknown][] = [
    ["-", { type: "tar", dest: "-" }],
    ["out", { type: "local", dest: "out" }],
    ["type=local,dest=out", { type: "local", dest: "out" }],
    ["type=tar", { type: "tar", dest: "-" }],
    ["type=tar,dest=x.tar", { type: "tar", dest: "x.tar" }],
    ["type=docker,dest=x.tar", { type: "docker", dest: "x.tar" }],
    ['type=oci,"dest=a,b.tar"', { type: "oci", dest: "a,b.tar" }],
    [
      "type=oci,dest=x.tar,compression=zstd,compression-level=9",
      { type: "oci", dest: "x.tar", compression: "zstd", level: 9 },
    ],
    ["type=docker,dest=x,compression=uncompressed", { type: "docker", dest: "x", compression: "none" }],
    ["type=cacheonly", { type: "cacheonly" }],
    ["type=image", undefined],
    ["type=image,push=false", undefined],
    ["type=image,push,name=x", { type: "registry" }],
    ["type=registry,oci-mediatypes=true", { type: "registry" }],
    ["type=tar,platform-split=false", { type: "tar", dest: "-", platformSplit: false }],
  ];
  for (const [text, spec] of table) assert.deepEqual(parseOutput(text).spec, spec, text);
  assert.deepEqual(parseOutput('type=docker,dest=x,"name=a,b:1"').names, ["a", "b:1"]);
});

test("outputs that are not carried out are refused by name", () => {
  const table: [string, string][] = [
    ["type=nowhere", 'Cannot use --output "type=nowhere": unknown type "nowhere"'],
    ["dest=x", 'Cannot parse --output "dest=x": "type" is missing'],
    ["type=local", 'Cannot use --output "type=local": a directory is needed as dest'],
    ["type=local,dest=-", 'Cannot use --output "type=local,dest=-": a directory is needed as dest'],
    [
      "type=tar,compression=gzip",
      'Cannot use --output "type=tar,compression=gzip": type=tar does not take "compression"',
    ],
    [
      "type=image,push=perhaps",
      'Cannot use --output "type=image,push=perhaps": push is neither true nor false',
    ],
    [
      "type=registry,oci-mediatypes=false",
      'Cannot use --output "type=registry,oci-mediatypes=false": images are written with OCI media types',
    ],
    [
      "type=oci,tar=false",
      'Cannot use --output "type=oci,tar=false": an OCI image is written as one archive',
    ],
    ["type=oci,dest=a,dest=b", 'Cannot parse "type=oci,dest=a,dest=b": "dest" is given twice'],
  ];
  for (const [text, message] of table) assert.throws(() => parseOutput(text), { message }, text);
});

test("secrets name a file or a variable", () => {
  const env = { TOKEN: "x" };
  const table: [string, unknown][] = [
    ["id=a,src=./f", { id: "a", source: { kind: "file", path: "./f" } }],
    ["type=file,id=a,source=f", { id: "a", source: { kind: "file", path: "f" } }],
    ["id=a,env=TOKEN", { id: "a", source: { kind: "env", name: "TOKEN" } }],
    ["id=TOKEN", { id: "TOKEN", source: { kind: "env", name: "TOKEN" } }],
    ["id=file.txt", { id: "file.txt", source: { kind: "file", path: "file.txt" } }],
    ["type=env,id=OTHER", { id: "OTHER", source: { kind: "env", name: "OTHER" } }],
    ["type=file,id=TOKEN", { id: "TOKEN", source: { kind: "file", path: "TOKEN" } }],
  ];
  for (const [text, spec] of table) assert.deepEqual(parseSecret(text, env), spec, text);
  for (const text of ["src=x", "id=a,foo=b", "id=a,src=b,env=c", "type=vault,id=a"])
    assert.throws(() => parseSecret(text, env), UsageError, text);
});
