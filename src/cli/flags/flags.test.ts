import assert from "node:assert/strict";
import { test } from "node:test";
import { splitCsv } from "../../build/index.ts";
import { UsageError } from "../usage-error.ts";
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
    ["type=oci,dest=d,tar=false", { type: "oci", dest: "d", isLayout: true }],
    [
      "type=oci,dest=x,compression=zstd,compression-level=22,force-compression=true,oci-mediatypes=false",
      { type: "oci", dest: "x", compression: "zstd", level: 22, isForced: true, mediaTypes: "docker" },
    ],
    [
      "type=oci,dest=x,annotation.a=b,annotation-index-descriptor[linux/arm].c=d=e",
      {
        type: "oci",
        dest: "x",
        annotations: [
          { type: "manifest", key: "a", value: "b" },
          {
            type: "index-descriptor",
            platform: { os: "linux", architecture: "arm", variant: "v7" },
            key: "c",
            value: "d=e",
          },
        ],
      },
    ],
    ["type=local,dest=out,mode=delete", { type: "local", dest: "out", isMirror: true }],
    ["type=local,dest=out,mode=copy", { type: "local", dest: "out" }],
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
      'Cannot use --output "type=image,push=perhaps": non-bool value perhaps specified for push',
    ],
    ["type=oci,tar=false", 'Cannot use --output "type=oci,tar=false": a directory is needed as dest'],
    [
      "type=docker,tar=false,dest=x",
      'Cannot use --output "type=docker,tar=false,dest=x": only an OCI image can be a directory',
    ],
    [
      "type=local,dest=x,mode=move",
      'Cannot use --output "type=local,dest=x,mode=move": mode is copy or delete, not "move"',
    ],
    [
      "type=oci,compression=zstd:chunked",
      'Cannot use --output "type=oci,compression=zstd:chunked": compression zstd:chunked is not supported',
    ],
    [
      "type=oci,compression=lzma",
      'Cannot use --output "type=oci,compression=lzma": unsupported compression type lzma',
    ],
    [
      "type=oci,compression-level=x",
      'Cannot use --output "type=oci,compression-level=x": non-integer value x specified for compression-level',
    ],
    [
      "type=oci,compression-level=10",
      'Cannot use --output "type=oci,compression-level=10": compression-level of gzip is a number from 0 to 9',
    ],
    [
      "type=oci,compression=zstd,compression-level=-1",
      'Cannot use --output "type=oci,compression=zstd,compression-level=-1": compression-level of zstd is a number from 0 to 22',
    ],
    ["type=oci,annotation-foo.a=b", "unrecognized annotation type foo"],
    ["type=oci,annotation[linux.a=b", "could not fully parse annotation annotation[linux.a"],
    ["type=oci,dest=a,dest=b", 'Cannot parse "type=oci,dest=a,dest=b": "dest" is given twice'],
  ];
  for (const [text, message] of table) assert.throws(() => parseOutput(text), { message }, text);
});

test("attributes of BuildKit's images that ask for what is done anyway are taken, others refused with a reason", () => {
  for (const attribute of ["unpack=true", "unpack=false", "prefer-nondist-layers=false"])
    assert.deepEqual(parseOutput(`type=registry,${attribute}`).spec, { type: "registry" }, attribute);
  const refused = [
    ["prefer-nondist-layers=true", "prefer-nondist-layers=true is not supported", /^every layer is sent/],
    ["source-date-epoch=soon", "invalid source-date-epoch: soon", undefined],
    ["source-date-epoch=999999999999", "invalid source-date-epoch: 999999999999", undefined],
    ["store=perhaps", "non-bool value perhaps specified for store", undefined],
    ["unpack=perhaps", "non-bool value perhaps specified for unpack", undefined],
  ] as const;
  for (const [attribute, message, hint] of refused) {
    const text = `type=image,${attribute}`;
    assert.throws(
      () => parseOutput(text),
      (error: Error & { hint?: string }) => {
        assert.equal(error.message, `Cannot use --output "${text}": ${message}`);
        if (hint) assert.match(error.hint ?? "", hint);
        return true;
      },
    );
  }
  assert.throws(() => parseOutput("type=oci,dest=x,unpack=true"), /type=oci does not take "unpack"/);
  assert.throws(() => parseOutput("type=oci,dest=x,store=false"), /type=oci does not take "store"/);
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
    ["id=a,src=f,scan=false", { id: "a", source: { kind: "file", path: "f" }, isUnscanned: true }],
    ["type=file,id=TOKEN", { id: "TOKEN", source: { kind: "file", path: "TOKEN" } }],
  ];
  for (const [text, spec] of table) assert.deepEqual(parseSecret(text, env), spec, text);
  for (const text of ["src=x", "id=a,foo=b", "id=a,src=b,env=c", "type=vault,id=a", "id=a,scan=no"])
    assert.throws(() => parseSecret(text, env), UsageError, text);
});
