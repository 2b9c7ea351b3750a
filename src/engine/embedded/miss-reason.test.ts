import assert from "node:assert/strict";
import { test } from "node:test";
import { firstChanges } from "../../tree/index.ts";
import {
  type MissCircumstances,
  missReason,
  type StepInputs,
  withFiles,
  withoutFiles,
} from "./miss-reason.ts";

type Parts = Record<string, string>;
const image = (name: string, digit: string) => `docker.io/library/${name}@sha256:${digit.repeat(64)}`;

const cases: [string, Parts | undefined, Parts, MissCircumstances, string][] = [
  ["a step without a past", undefined, { base: "a" }, { parentRan: false }, "first build"],
  [
    "a step without a past that no cache has either",
    undefined,
    { base: "a" },
    { parentRan: false, hasCaches: true },
    "not in the cache",
  ],
  [
    "a step without a past above one that ran, which no cache can have",
    undefined,
    { base: "a" },
    { parentRan: true, hasCaches: true },
    "parent ran",
  ],
  ["equal parts whose layer is gone", { base: "a" }, { base: "a" }, { parentRan: false }, "pruned"],
  [
    "equal parts whose layer a restart came too soon for",
    { base: "a" },
    { base: "a" },
    { parentRan: false, isUnsynced: true },
    "not on disk when the machine restarted",
  ],
  ["another stack below", { base: "a" }, { base: "b" }, { parentRan: true }, "parent ran"],
  ["another tree below", { base: "a" }, { base: "b" }, { parentRan: false }, "parent changed"],
  [
    "a build argument, even if the parent changed too",
    { base: "a", "env V": "1.2" },
    { base: "b", "env V": "1.3" },
    { parentRan: true, argNames: ["V"] },
    "ARG V: 1.2→1.3",
  ],
  ["a variable that is new", {}, { "env V": "2" }, { parentRan: true }, "ENV V: unset→2"],
  ["a variable that is emptied", { "env V": "2" }, { "env V": "" }, { parentRan: false }, 'ENV V: 2→""'],
  ["other files", { "source 0": "a" }, { "source 0": "b" }, { parentRan: false }, "files to copy changed"],
  [
    "a stage to copy from that ran",
    { "source 0": "stack a" },
    { "source 0": "stack b" },
    { parentRan: true },
    "parent ran",
  ],
  [
    "a file of the network that changed",
    { "source 0": "url https://example.com/file sha256:a x" },
    { "source 0": "url https://example.com/file sha256:b y" },
    { parentRan: true },
    "https://example.com/file changed",
  ],
  [
    "a branch that moved",
    { "source 0": `git https://example.com/x.git refs/heads/a/b ${"1".repeat(40)} x` },
    { "source 0": `git https://example.com/x.git refs/heads/a/b ${"2".repeat(40)} y` },
    { parentRan: true },
    "ref a/b moved 1111111→2222222",
  ],
  [
    "another commit of a repository",
    { "source 0": `git https://example.com/x.git ${"1".repeat(40)} ${"1".repeat(40)} x` },
    { "source 0": `git https://example.com/x.git ${"2".repeat(40)} ${"2".repeat(40)} y` },
    { parentRan: true },
    "https://example.com/x.git moved 1111111→2222222",
  ],
  [
    "another repository",
    { "source 0": `git https://example.com/x.git HEAD ${"1".repeat(40)} x` },
    { "source 0": `git https://example.com/y.git HEAD ${"1".repeat(40)} x` },
    { parentRan: true },
    "files to copy changed",
  ],
  ["another command", { command: "a" }, { command: "b" }, { parentRan: false }, "instruction changed"],
  ["another WORKDIR", { cwd: "/a" }, { cwd: "/b" }, { parentRan: true }, "WORKDIR: /a→/b"],
  ["another USER", { user: "" }, { user: "1000" }, { parentRan: false }, 'USER: ""→1000'],
  ["another network", { network: "host" }, { network: "none" }, { parentRan: false }, "network: host→none"],
  [
    "another platform",
    { settings: '{"platform":{"architecture":"amd64","os":"linux"}}' },
    { settings: '{"platform":{"architecture":"arm64","os":"linux"}}' },
    { parentRan: false },
    "platform: linux/amd64→linux/arm64",
  ],
  [
    "a setting that is new",
    { settings: "{}" },
    { settings: '{"ulimits":[{"name":"nofile"}]}' },
    { parentRan: false },
    'ulimits: unset→[{"name":"nofile"}]',
  ],
  [
    "settings that cannot be read",
    { settings: "{" },
    { settings: "{}" },
    { parentRan: false },
    "settings changed",
  ],
];

for (const [title, last, parts, circumstances, expected] of cases) {
  test(`a miss is explained by ${title}`, () => {
    const reason = missReason(last && { parts: last }, { parts }, circumstances);
    assert.equal(reason.text, expected);
  });
}

const onImage = (parts: Parts, baseImage: string): StepInputs => ({ parts, baseImage });

test("a base image that moved is named with both digests", () => {
  const reason = missReason(
    onImage({ base: "a" }, image("golang:latest", "a")),
    onImage({ base: "b" }, image("golang:latest", "b")),
    { parentRan: false },
  );
  assert.equal(reason.text, "base golang:latest moved sha256:aaaaaaaaaaaa→sha256:bbbbbbbbbbbb");
});

test("another base image is named with both names", () => {
  const reason = missReason(
    onImage({ base: "a" }, image("golang:1.20", "a")),
    onImage({ base: "b" }, image("golang:1.21", "b")),
    { parentRan: false },
  );
  assert.equal(reason.text, "base golang:1.20→golang:1.21");
});

test("an image that is the same, for another platform, did not move", () => {
  const before = onImage({ base: "a" }, image("golang:latest", "a"));
  const after = onImage({ base: "b" }, image("golang:latest", "a"));
  assert.equal(missReason(before, after, { parentRan: false }).text, "parent changed");
});

test("an image to copy from that moved is named, and so is another one", () => {
  const copy = (name: string, digit: string): StepInputs => ({
    parts: { "source 0": `stack ${digit}` },
    sourceImages: { "source 0": image(name, digit) },
  });
  const reasonOf = (before: StepInputs, after: StepInputs) =>
    missReason(before, after, { parentRan: false }).text;
  assert.equal(
    reasonOf(copy("golang:latest", "a"), copy("golang:latest", "b")),
    "image golang:latest moved sha256:aaaaaaaaaaaa→sha256:bbbbbbbbbbbb",
  );
  assert.equal(reasonOf(copy("golang:1.20", "a"), copy("golang:1.21", "b")), "image golang:1.20→golang:1.21");
  assert.equal(reasonOf({ parts: { "source 0": "stack a" } }, copy("golang:1.21", "b")), "parent changed");
});

test("every part that changed is told, the nearest cause first", () => {
  const { changes } = missReason(
    { parts: { base: "a", "env V": "1", command: "x" } },
    { parts: { base: "b", "env V": "2", command: "x", "env W": "3" } },
    { parentRan: true, argNames: ["V"] },
  );
  assert.deepEqual(changes, [
    { part: "ARG V", before: "1", after: "2" },
    { part: "ENV W", after: "3" },
    { part: "base", before: "a", after: "b" },
  ]);
});

test("files that changed take the place of their digest", () => {
  const reason = missReason(
    { parts: { "source 0": "a" } },
    { parts: { "source 0": "b" } },
    { parentRan: false },
  );
  const files = [
    { path: "src/main.go", what: "changed" },
    { path: "x", what: "added" },
  ];
  assert.deepEqual(withFiles(reason, firstChanges(files)), {
    text: "src/main.go changed and 1 more",
    changes: [
      { part: "src/main.go", after: "changed" },
      { part: "x", after: "added" },
    ],
  });
  assert.equal(withFiles(reason, firstChanges([])).text, "files to copy changed");
});

test("of many files the first are told, and how many there are", () => {
  const reason = missReason(
    { parts: { "source 0": "a" } },
    { parts: { "source 0": "b" } },
    { parentRan: false },
  );
  const files = Array.from({ length: 1500 }, (_, number) => ({ path: `f${number}`, what: "changed" }));
  const { text, changes } = withFiles(reason, firstChanges(files));
  assert.equal(text, "f0 changed and 1499 more");
  assert.equal(changes.length, 100);
});

const mount = (input: string, readonly = true) => ({
  "mount /m": JSON.stringify({ type: "bind", dest: "/m", readonly, input }),
});

test("files that changed take the place of a mount's content", () => {
  const reason = missReason({ parts: mount("a") }, { parts: mount("b") }, { parentRan: false });
  assert.deepEqual(withFiles(reason, firstChanges([{ path: "x", what: "added" }])), {
    text: "x added",
    changes: [{ part: "x", after: "added" }],
  });
  assert.equal(withFiles(reason, firstChanges([])).text, "content of mount /m changed");
});

test("a mount of the same files, made again, is the parent's change", () => {
  const reason = missReason({ parts: mount("a") }, { parts: mount("b") }, { parentRan: true });
  assert.deepEqual(withoutFiles(reason, true), { text: "parent ran", changes: reason.changes });
  assert.equal(withoutFiles(reason, false).text, "parent changed");
});

test("another mount, or one more, is another instruction", () => {
  for (const last of [mount("a", false), {}]) {
    const reason = missReason({ parts: last }, { parts: mount("b") }, { parentRan: false });
    assert.equal(withFiles(reason, firstChanges([{ path: "x", what: "added" }])).text, "instruction changed");
  }
});
