import assert from "node:assert/strict";
import { test } from "node:test";
import { type GitReference, parseGitReference } from "./index.ts";

type Parts = { readonly [Name in keyof GitReference]?: GitReference[Name] | undefined };

const commit = "0123456789abcdef0123456789abcdef01234567";

const repositories: readonly (readonly [text: string, parts: Parts])[] = [
  [
    "https://example.com/foo.git",
    { remote: "https://example.com/foo.git", scheme: "https", host: "example.com" },
  ],
  ["https://example.com/foo.git#deadbeef", { remote: "https://example.com/foo.git", ref: "deadbeef" }],
  ["https://example.com/foo.git#release/1.2", { remote: "https://example.com/foo.git", ref: "release/1.2" }],
  [
    "https://example.com/foo.git#baz/qux:quux/quuz",
    { remote: "https://example.com/foo.git", ref: "baz/qux", subdir: "quux/quuz" },
  ],
  [
    "https://example.com/foo.git#:sub",
    { remote: "https://example.com/foo.git", ref: undefined, subdir: "sub" },
  ],
  [
    "https://example.com/foo.git#main:",
    { remote: "https://example.com/foo.git", ref: "main", subdir: undefined },
  ],
  ["https://example.com/foo.git#a%20b", { remote: "https://example.com/foo.git", ref: "a b" }],
  [
    "https://example.com:8443/foo.git",
    { remote: "https://example.com:8443/foo.git", host: "example.com:8443" },
  ],
  ["https://u:p@example.com/foo.git", { remote: "https://u:p@example.com/foo.git", host: "example.com" }],
  ["https://[::1]:80/foo.git", { remote: "https://[::1]:80/foo.git", host: "[::1]:80" }],
  ["https://example.com/a%2Egit", { remote: "https://example.com/a%2Egit", path: "/a%2Egit" }],
  ["HTTP://example.com/foo.git", { remote: "http://example.com/foo.git", scheme: "http" }],
  ["git://example.com/foo", { remote: "git://example.com/foo", scheme: "git", path: "/foo" }],
  ["git://host.xz:1234/path/to/repo.git", { remote: "git://host.xz:1234/path/to/repo.git" }],
  ["ssh://root@sub.example:2222/root/foo", { remote: "ssh://root@sub.example:2222/root/foo", scheme: "ssh" }],
  ["ssh://u@192.168.0.123:456/~/in-home.git", { remote: "ssh://u@192.168.0.123:456/~/in-home.git" }],
  [
    "git@github.com:moby/buildkit.git#v1.0.0:hack",
    { remote: "git@github.com:moby/buildkit.git", scheme: "ssh", ref: "v1.0.0", subdir: "hack" },
  ],
  ["git@github.com:moby/buildkit", { remote: "git@github.com:moby/buildkit", path: "moby/buildkit" }],
  [
    "other@example.com:/srv/project.git",
    { remote: "other@example.com:/srv/project.git", path: "/srv/project.git" },
  ],
  [
    "git@example.com:foo.git?ref=v1&subdir=a",
    { remote: "git@example.com:foo.git", ref: "v1", subdir: "a", isAmbiguous: false },
  ],
  ["github.com/moby/buildkit", { remote: "https://github.com/moby/buildkit", isAmbiguous: true }],
  [
    "github.com/moby/buildkit#main:dir",
    { remote: "https://github.com/moby/buildkit", ref: "main", subdir: "dir" },
  ],
  [
    "https://example.com/foo.git?ref=v1.0.0&subdir=/sub",
    { remote: "https://example.com/foo.git", ref: "v1.0.0", subdir: "/sub" },
  ],
  ["https://example.com/foo.git?ref=v1#v1", { remote: "https://example.com/foo.git", ref: "v1" }],
  [
    "https://example.com/foo.git?subdir=a#v1",
    { remote: "https://example.com/foo.git", ref: "v1", subdir: "a" },
  ],
  ["https://example.com/foo.git?tag=v1", { remote: "https://example.com/foo.git", ref: "refs/tags/v1" }],
  [
    "https://example.com/foo.git?tag=refs/tags/v1",
    { remote: "https://example.com/foo.git", ref: "refs/tags/v1" },
  ],
  ["https://example.com/foo.git?branch=v1", { remote: "https://example.com/foo.git", ref: "refs/heads/v1" }],
  [
    `https://example.com/foo.git?checksum=${commit}`,
    { remote: "https://example.com/foo.git", ref: commit, checksum: commit },
  ],
  [
    "https://example.com/foo.git?ref=v1&commit=deadbeef",
    { remote: "https://example.com/foo.git", ref: "v1", checksum: "deadbeef" },
  ],
  ["https://example.com/foo.git?keep-git-dir", { remote: "https://example.com/foo.git", keepGitDir: true }],
  [
    "https://example.com/foo.git?keep-git-dir=0",
    { remote: "https://example.com/foo.git", keepGitDir: false },
  ],
  [
    "https://example.com/foo.git?submodules=false",
    { remote: "https://example.com/foo.git", submodules: false },
  ],
  ["https://example.com/foo.git?submodules=", { remote: "https://example.com/foo.git", submodules: true }],
  ["https://example.com/foo.git?mtime=commit", { remote: "https://example.com/foo.git", mtime: "commit" }],
  [
    "https://example.com/foo.git?mtime=checkout",
    { remote: "https://example.com/foo.git", mtime: "checkout" },
  ],
  [
    `https://example.com/foo.git?ref=v1&commit=${commit}&fetch-by-commit=1`,
    { remote: "https://example.com/foo.git", ref: "v1", checksum: commit, fetchByCommit: true },
  ],
];

for (const [text, parts] of repositories) {
  test(`${text} is a git reference`, () => {
    const found: Partial<GitReference> = parseGitReference(text) ?? {};
    for (const [name, value] of Object.entries(parts))
      assert.equal(found[name as keyof GitReference], value, name);
  });
}

const others = [
  "https://example.com/",
  "https://example.com/foo",
  "https://example.com/foo.git/",
  "https://example.com/foo.git.bar",
  "https://example.com/foo?x=y.git",
  "https://example.com/foo#y.git",
  "http://github.com/docker/docker.git:#branch",
  "https://exam ple.com/foo.git",
  "https://example.com/%zz.git",
  "https://example.com/foo.git#%zz",
  "https://example.com/a\nb.git",
  "https://example.com:port/foo.git",
  "httpx://example.com/foo.git",
  "file:///srv/foo.git",
  "ext::sh -c id",
  "custom.xyz/moby/buildkit.git",
  "./.git",
  "../foo.git",
  ".git",
  "foo@bar",
  "",
];

for (const text of others) {
  test(`${JSON.stringify(text)} is no git reference`, () => {
    assert.equal(parseGitReference(text), undefined);
  });
}

const refused: readonly (readonly [query: string, message: string])[] = [
  ["?foo=bar", 'unexpected query "foo"'],
  ["?ref=", 'query "ref" has no value'],
  ["?ref=a&ref=b", 'query "ref" has multiple values'],
  ["?ref=a#b", 'ref conflicts: "b" vs "a"'],
  ["?subdir=a#b:c", 'subdir conflicts: "c" vs "a"'],
  ["?tag=a#b", 'ref conflicts: "b" vs "refs/tags/a"'],
  ["?branch=a&ref=b", 'ref conflicts: "b" vs "refs/heads/a"'],
  ["?branch=a&tag=b", "branch conflicts with tag"],
  ["?keep-git-dir=maybe", 'invalid keep-git-dir value: "maybe"'],
  ["?submodules=maybe", 'invalid submodules value: "maybe"'],
  ["?mtime=now", 'invalid mtime value: "now"'],
];

for (const [query, message] of refused) {
  test(`the query of foo.git${query} is refused`, () => {
    assert.throws(() => parseGitReference(`https://example.com/foo.git${query}`), { message });
  });
}

test("a long text that is nearly a reference is refused at once", () => {
  const start = process.cpuUsage();
  assert.equal(parseGitReference(`git@host:${"?".repeat(50_000)}\n`), undefined);
  assert.equal(parseGitReference(`git@host:${"?#".repeat(50_000)}\n`), undefined);
  assert.ok(process.cpuUsage(start).user < 5_000_000, "microseconds of processor time");
});
