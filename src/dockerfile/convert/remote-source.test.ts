import assert from "node:assert/strict";
import { test } from "node:test";
import { type FileOp, type SourceOp, toGitSource, toHttpSource } from "../../llb/index.ts";
import { convert } from "./test-helpers.ts";

async function convertAdd(instruction: string) {
  const { definition, config, localContexts } = await convert(`FROM scratch\n${instruction}\n`);
  const vertices = [...definition.vertices.values()];
  const sources = vertices.flatMap(({ op }) => (op.kind === "source" ? [op] : []));
  const copy = definition.vertices.get(definition.root!)!;
  return {
    sources,
    copy,
    names: vertices.map(({ metadata }) => metadata.description),
    actions: (copy.op as FileOp).actions,
    history: config.history.at(-1)?.created_by,
    localContexts,
  };
}

test("ADD of a URL copies the one file that it brings, and needs no build context", async () => {
  const { sources, actions, names, history, localContexts } = await convertAdd(
    "ADD --checksum=sha256:ab --chmod=644 https://example.com/a/b%20c?d=e /dest/",
  );
  assert.deepEqual(sources.map(toHttpSource), [
    { url: "https://example.com/a/b%20c?d=e", filename: "b c", checksum: "sha256:ab" },
  ]);
  assert.deepEqual(actions, [
    {
      kind: "copy",
      from: 0,
      source: "/b c",
      dest: "/dest/",
      mode: "644",
      followSymlink: false,
      copyDirContents: false,
      attemptUnpack: false,
      createDestPath: true,
      allowWildcard: false,
      allowEmptyWildcard: false,
    },
  ]);
  const name = "[1/1] ADD --checksum=sha256:ab --chmod=644 https://example.com/a/b%20c?d=e /dest/";
  assert.deepEqual(names, [name, name]);
  assert.equal(history, "ADD --chmod=644 https://example.com/a/b%20c?d=e /dest/ # buildkit");
  assert.deepEqual(localContexts, []);
});

const gitCases: readonly (readonly [words: string, source: ReturnType<typeof toGitSource>])[] = [
  [
    "https://example.com/a.git#v1:sub",
    {
      remote: "https://example.com/a.git",
      ref: "v1",
      subdir: "sub",
      keepGitDir: false,
      submodules: true,
      mtime: "commit",
    },
  ],
  [
    "--keep-git-dir=true --checksum=abc git@example.com:a.git?submodules=0&mtime=checkout",
    {
      remote: "git@example.com:a.git",
      checksum: "abc",
      keepGitDir: true,
      submodules: false,
      mtime: "checkout",
    },
  ],
  [
    "https://example.com/a.git?ref=v1&commit=abc&fetch-by-commit",
    {
      remote: "https://example.com/a.git",
      ref: "abc",
      checksum: "abc",
      keepGitDir: false,
      submodules: true,
      mtime: "commit",
    },
  ],
];

for (const [words, source] of gitCases) {
  test(`ADD ${words} checks a commit out`, async () => {
    const { sources, actions } = await convertAdd(`ADD ${words} /src`);
    assert.deepEqual(
      sources.map((op: SourceOp) => toGitSource(op)),
      [source],
    );
    assert.deepEqual(
      actions.map((action) => action.kind === "copy" && [action.source, action.copyDirContents]),
      [["/", true]],
    );
  });
}

test("local and remote sources of one ADD are actions of one step", async () => {
  const { actions, localContexts } = await convertAdd("ADD a https://example.com/b github.com/c/d /dest/");
  assert.deepEqual(
    actions.map((action) => action.kind === "copy" && [action.source, action.attemptUnpack]),
    [
      ["/a", true],
      ["/b", false],
      ["/github.com/c/d", true],
    ],
  );
  assert.deepEqual(localContexts, ["context"]);
});

test("credentials of a URL are hidden in the step's name and in the history", async () => {
  const { names, history } = await convertAdd("ADD https://user:secret@example.com/a /a");
  for (const text of [...names, history]) assert.doesNotMatch(text ?? "", /secret/);
  assert.equal(history, "ADD https://xxxxx:xxxxx@example.com/a /a # buildkit");
});
