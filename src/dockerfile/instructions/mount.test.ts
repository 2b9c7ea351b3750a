import assert from "node:assert/strict";
import { test } from "node:test";
import { processWord } from "../shell/process-word.ts";
import { mountFrom, parseMount } from "./mount.ts";

const env = new Map([
  ["t", "cache"],
  ["dir", "/var"],
]);
const expand = (word: string) => processWord(word, env).text;

const good: readonly [string, object][] = [
  ["target=/a", { type: "bind", target: "/a", readonly: true }],
  [
    "TYPE=Bind,DST=/a,rw,from=base,src=b",
    { type: "bind", target: "/a", from: "base", source: "b", readonly: false },
  ],
  ["type=$t,target=$dir/x,id=$t-1", { type: "cache", target: "/var/x", id: "cache-1", readonly: false }],
  [
    "type=cache,destination=/a,ro=1,sharing=LOCKED,mode=0700,uid=5,gid=6",
    { type: "cache", target: "/a", readonly: true, sharing: "locked", mode: 0o700, uid: 5, gid: 6 },
  ],
  ["type=tmpfs,target=/a,size=1.5m", { type: "tmpfs", target: "/a", sizeBytes: 1_572_864, readonly: false }],
  ["type=tmpfs,target=/a,size=2 GiB", { type: "tmpfs", target: "/a", sizeBytes: 2 ** 31, readonly: false }],
  [
    "type=secret,id=x,required,env=X",
    { type: "secret", target: "", id: "x", required: true, env: "X", readonly: true },
  ],
  ["type=ssh,required=false", { type: "ssh", target: "", readonly: true }],
  ['"target=/a,b",readonly=false', { type: "bind", target: "/a,b", readonly: false }],
  ["target='/a b'", { type: "bind", target: "/a b", readonly: true }],
];

for (const [text, wanted] of good) {
  test(`--mount=${text} is parsed`, () => {
    assert.deepEqual(parseMount(text, expand), { required: false, ...wanted });
  });
}

const bad: readonly [string, string][] = [
  ["type=tmp,target=/x", 'unsupported mount type "tmp" (did you mean tmpfs?)'],
  ["typ=tmpfs", "unexpected key 'typ' in 'typ=tmpfs' (did you mean type?)"],
  ["target=/x,foo=bar", "unexpected key 'foo' in 'foo=bar' (did you mean from?)"],
  ["target=/x,foo", "invalid field 'foo' must be a key=value pair"],
  ["target=/x,", "invalid field '' must be a key=value pair"],
  ["type=tmpfs,size=bar", "invalid value for size: bar"],
  ["type=tmpfs,size=-1", "invalid value for size: -1"],
  ["target=/x,size=3", "unexpected key 'size' for mount type 'bind'"],
  ["size=3,type=tmpfs", "unexpected key 'size' for mount type 'bind'"],
  ["target=/x,required", "unexpected key 'required' for mount type 'bind'"],
  ["target=/x,ro=maybe", "invalid value for ro: maybe"],
  ["type=cache,target=/x,sharing=foo", 'unsupported sharing value "foo"'],
  ["type=tmpfs,target=/x,sharing=shared", "invalid cache sharing set for tmpfs mount"],
  ["target=/x,mode=0700", 'mode not allowed for "bind" type mounts'],
  ["type=tmpfs,uid=1", 'uid not allowed for "tmpfs" type mounts'],
  ["type=cache,mode=09", "invalid value 09 for mode"],
  ["type=cache,uid=a", "invalid value a for uid"],
  ["type=cache,gid=4294967296", "invalid value 4294967296 for gid"],
  ["type=secret", "invalid secret mount. one of source, target required"],
  ["type=secret,from=x,target=/x", "secret mount should not have a from"],
  ["type=secret,id=x,source=y", "both source and id can't be set"],
  ["type=secret,id=x,sharing=shared", "secret mount should not define sharing"],
  ["target=${", "failed to process \"${\": syntax error: missing '}'"],
];

for (const [text, message] of bad) {
  test(`--mount=${text} is refused: ${message}`, () => {
    assert.throws(() => parseMount(text, expand), { message });
  });
}

test("from is known before dispatch, the last one counting", () => {
  assert.equal(mountFrom("from=a,target=/x,From=b"), "b");
  assert.equal(mountFrom("target=/x"), undefined);
});
