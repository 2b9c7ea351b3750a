import assert from "node:assert/strict";
import { test } from "node:test";
import type { Instruction, InstructionBase } from "./instruction.ts";
import { parseDockerfile, parseOnbuildTrigger } from "./parse-dockerfile.ts";

// Each row: an instruction and what it means, without the parts that all instructions share.
const good: readonly [string, object, string?][] = [
  ["RUN echo hi", { kind: "run", command: shell("echo hi") }],
  ["run\techo  hi ", { kind: "run", command: shell("echo  hi") }, "inner white space stays"],
  ['RUN ["a", "b c"]', { kind: "run", command: exec("a", "b c") }],
  ['RUN ["a", "b"', { kind: "run", command: shell('["a", "b"') }, "invalid JSON is a command"],
  ["RUN ['a']", { kind: "run", command: shell("['a']") }, "single quotes are no JSON"],
  ["RUN [ -f x ] && y", { kind: "run", command: shell("[ -f x ] && y") }],
  ['RUN ["a"] b', { kind: "run", command: shell('["a"] b') }],
  ["RUN", { kind: "run", command: shell("") }, "no arity is checked"],
  ["RUN # not a comment", { kind: "run", command: shell("# not a comment") }],
  [
    "RUN --mount=type=cache,target=/a --mount=type=tmpfs,dst=/b --network=none --security=insecure x",
    {
      kind: "run",
      command: shell("x"),
      mounts: ["type=cache,target=/a", "type=tmpfs,dst=/b"],
      network: "none",
      security: "insecure",
    },
  ],
  [
    "RUN --device=vendor.com/x=y,required ls",
    { kind: "run", command: shell("ls"), devices: [{ name: "vendor.com/x=y", required: true }] },
  ],
  ["RUN -- --mount=x", { kind: "run", command: shell("--mount=x") }, "`--` ends the flags"],
  ["CMD", { kind: "cmd", command: shell("") }],
  ["CMD []", { kind: "cmd", command: exec() }],
  [
    'CMD ["\\u00e9", "\\ud800", "a\\"b"]',
    { kind: "cmd", command: exec("é", "\ufffd", 'a"b') },
    "JSON escapes",
  ],
  ["ENTRYPOINT []", { kind: "entrypoint", command: exec() }],
  ["ENTRYPOINT exec top -b", { kind: "entrypoint", command: shell("exec top -b") }],
  ['SHELL ["/bin/bash", "-c"]', { kind: "shell", shell: ["/bin/bash", "-c"] }],
  ["COPY a b c/", copy({ sources: ["a", "b"], dest: "c/" })],
  ['COPY ["a b", "c d"]', copy({ sources: ["a b"], dest: "c d" })],
  [
    "COPY --from=base --chown=1:2 --chmod=u=rwX --link a b",
    copy({ sources: ["a"], dest: "b", from: "base", chown: "1:2", chmod: "u=rwX", link: true }),
  ],
  [
    "COPY --link=FALSE --parents --exclude=*.md --exclude=b a b",
    copy({ sources: ["a"], dest: "b", parents: true, excludes: ["*.md", "b"] }),
  ],
  [
    `COPY --chown="a b" 'x' y`,
    copy({ sources: ["'x'"], dest: "y", chown: "a b" }),
    "quotes of words go when they are expanded",
  ],
  [
    "COPY --chown=é --from=a\\ b x y",
    copy({ sources: ["x"], dest: "y", chown: "é", from: "a b" }),
    "escapes in flags",
  ],
  [
    "COPY <<a <<-'b' x /d/\nA $x\na\n\tB $x\n\tb",
    copy({
      sources: ["x"],
      dest: "/d/",
      files: [
        { name: "a", content: "A $x\n", expand: true },
        { name: "b", content: "B $x\n", expand: false },
      ],
    }),
  ],
  [
    'COPY ["<<EOF", "/d"]',
    copy({ sources: [], dest: "/d", files: [{ name: "EOF", content: "", expand: true }] }),
    "JSON holds no body",
  ],
  [
    "ADD --checksum=sha256:$x --keep-git-dir --unpack=false http://x /",
    add({ sources: ["http://x"], dest: "/", checksum: "sha256:$x", keepGitDir: true, unpack: false }),
  ],
  [
    "ENV a=b c='d e' f=\"g h\" i=j\\ k",
    { kind: "env", pairs: pairs("a=b", "c='d e'", 'f="g h"', "i=j\\ k"), isLegacy: false },
  ],
  ["ENV a b  c=d ", { kind: "env", pairs: [{ key: "a", value: "b  c=d" }], isLegacy: true }],
  ["ENV a=", { kind: "env", pairs: [{ key: "a", value: "" }], isLegacy: false }],
  ["LABEL a=$b", { kind: "label", pairs: pairs("a=$b"), isLegacy: false }],
  ["LABEL a $b c", { kind: "label", pairs: [{ key: "a", value: "$b c" }], isLegacy: true }],
  [
    "ARG a b=c d= e='f g'",
    {
      kind: "arg",
      args: [{ key: "a" }, { key: "b", value: "c" }, { key: "d", value: "" }, { key: "e", value: "'f g'" }],
    },
  ],
  ["ARG --x a", { kind: "arg", args: [{ key: "a" }] }, "flags of ARG are ignored"],
  ["WORKDIR /a b", { kind: "workdir", path: "/a b" }],
  ["USER $u:$g", { kind: "user", user: "$u:$g" }],
  ["STOPSIGNAL SIGINT", { kind: "stopsignal", signal: "SIGINT" }],
  ["MAINTAINER A <a@b>", { kind: "maintainer", maintainer: "A <a@b>" }],
  ["EXPOSE 9 80/tcp  443 $p", { kind: "expose", ports: ["$p", "443", "80/tcp", "9"] }, "sorted"],
  ["VOLUME /a /b", { kind: "volume", volumes: ["/a", "/b"] }],
  ['VOLUME ["/a b", " /c "]', { kind: "volume", volumes: ["/a b", "/c"] }],
  ["HEALTHCHECK NONE", { kind: "healthcheck", healthcheck: check(["NONE"]) }],
  [
    "HEALTHCHECK --interval=5s none",
    { kind: "healthcheck", healthcheck: check(["NONE"]) },
    "flags of NONE are ignored",
  ],
  ["HEALTHCHECK cmd curl  x", { kind: "healthcheck", healthcheck: check(["CMD-SHELL", "curl  x"]) }],
  [
    'HEALTHCHECK --interval=1m30s --timeout=1.5s --start-period=0 --start-interval=1h --retries=3 CMD ["a", "b"]',
    {
      kind: "healthcheck",
      healthcheck: {
        ...check(["CMD", "a", "b"]),
        interval: 90e9,
        timeout: 1.5e9,
        startInterval: 3600e9,
        retries: 3,
      },
    },
  ],
  ["ONBUILD  COPY --from=x a b", { kind: "onbuild", trigger: "COPY --from=x a b" }],
  ["ONBUILD RUN <<EOF\na\nEOF", { kind: "onbuild", trigger: "RUN <<EOF\na\nEOF" }],
  ["ONBUILD foo", { kind: "onbuild", trigger: "foo" }, "checked when it is triggered"],
];

for (const [text, wanted, why] of good) {
  test(`${JSON.stringify(text)} is parsed${why ? `: ${why}` : ""}`, () => {
    assert.deepEqual(meaning(instructionOf(text)), wanted);
  });
}

test("FROM keeps the image unexpanded and the stage name in lower case", () => {
  const { stages } = parseDockerfile("FROM --platform=$BUILDPLATFORM img:$v aS Build\n");
  assert.deepEqual(meaning(stages[0]!.from), {
    kind: "from",
    image: "img:$v",
    platform: "$BUILDPLATFORM",
    stageName: "build",
    stageNameAsWritten: "Build",
    asKeyword: "aS",
  });
});

test("ARGs before the first FROM are global, everything after belongs to its stage", () => {
  const file = parseDockerfile("ARG a=1\narg b\nFROM x\nRUN 1\nFROM y AS z\nARG c\nRUN 2\n", {
    fileName: "D",
  });
  assert.equal(file.file, "D");
  assert.deepEqual(
    file.globalArgs.map(({ args }) => args),
    [[{ key: "a", value: "1" }], [{ key: "b" }]],
  );
  assert.deepEqual(
    file.stages.map(({ index, from, instructions }) => [
      index,
      from.image,
      instructions.map(({ original }) => original),
    ]),
    [
      [0, "x", ["RUN 1"]],
      [1, "y", ["ARG c", "RUN 2"]],
    ],
  );
});

test("heredocs of RUN keep their bodies byte for byte", () => {
  const { stages } = parseDockerfile(
    'FROM x\nRUN cat <<A 3<<-"B" | tr a b\r\n\ta $x\r\nA\r\n\t\tb\n\tB\nRUN next\n',
  );
  const run = stages[0]!.instructions[0]!;
  assert.ok(run.kind === "run");
  assert.deepEqual(run.command, shell('cat <<A 3<<-"B" | tr a b'));
  assert.deepEqual(
    run.heredocs.map(({ range, ...heredoc }) => ({ ...heredoc, lines: [range.startLine, range.endLine] })),
    [
      { name: "A", body: "\ta $x\r\n", expand: true, chomp: false, lines: [3, 4] },
      { name: "B", body: "\t\tb\n", expand: false, chomp: true, lines: [5, 6] },
    ],
  );
  assert.deepEqual([run.range.startLine, run.range.endLine], [2, 6]);
  assert.equal(stages[0]!.instructions[1]!.original, "RUN next");
});

test("the original text is one line, without comments and continuations", () => {
  const { stages } = parseDockerfile("FROM x\n  RUN a \\\n  # why\n   b && \\  \n\n\tc \n");
  assert.equal(stages[0]!.instructions[0]!.original, "RUN a    b && \tc");
});

test("an empty line inside an instruction is a warning at the instruction's last line", () => {
  const { warnings } = parseDockerfile("FROM x\nRUN a \\\n\n  b\n");
  assert.deepEqual(
    warnings.map(({ rule, message, location }) => [rule, message, location.range.startLine]),
    [["NoEmptyContinuation", "Empty continuation line", 4]],
  );
});

test("an image's trigger is parsed with the location of FROM", () => {
  const range = { startLine: 3, startColumn: 1, endLine: 3, endColumn: 9 };
  const location = { file: "Dockerfile", range, text: "" };
  const copyTrigger = parseOnbuildTrigger("COPY --chown=1 <<a /b\nbody\na", location);
  assert.deepEqual(copyTrigger.range, range);
  assert.deepEqual(
    meaning(copyTrigger),
    copy({ sources: [], dest: "/b", chown: "1", files: [{ name: "a", content: "body\n", expand: true }] }),
  );
  assert.throws(() => parseOnbuildTrigger("RUN a\nRUN b", location), {
    message: "onbuild trigger should be a single expression",
    location,
  });
  assert.throws(() => parseOnbuildTrigger("FOOBAR", location), {
    message: "unknown instruction: FOOBAR",
    location,
  });
  assert.throws(() => parseOnbuildTrigger("FROM x", location), {
    message: "FROM isn't allowed as an ONBUILD trigger",
  });
});

function instructionOf(text: string): Instruction {
  const { stages } = parseDockerfile(`FROM busybox\n${text}\n`);
  assert.equal(stages[0]!.instructions.length, 1);
  return stages[0]!.instructions[0]!;
}

/** The instruction without what all share, and without what RUN has when nothing is said. */
function meaning(instruction: Instruction): object {
  const { keyword, original, range, flags, prevComment, ...rest } = instruction satisfies InstructionBase;
  assert.ok(keyword && original && range && flags && prevComment);
  if (rest.kind !== "run") return rest;
  const unsaid = { heredocs: [], mounts: [], devices: [], network: "default", security: "sandbox" };
  return Object.fromEntries(
    Object.entries(rest).filter(
      ([key, value]) => JSON.stringify(value) !== JSON.stringify(unsaid[key as "mounts"]),
    ),
  );
}

function shell(command: string) {
  return { form: "shell", command };
}

function exec(...args: string[]) {
  return { form: "exec", args };
}

function copy(fields: object) {
  return { kind: "copy", sources: [], files: [], link: false, excludes: [], parents: false, ...fields };
}

function add(fields: object) {
  return { kind: "add", sources: [], files: [], link: false, excludes: [], ...fields };
}

function pairs(...texts: string[]) {
  return texts.map((text) => ({
    key: text.slice(0, text.indexOf("=")),
    value: text.slice(text.indexOf("=") + 1),
  }));
}

function check(commandLine: string[]) {
  return { test: commandLine, interval: 0, timeout: 0, startPeriod: 0, startInterval: 0, retries: 0 };
}
