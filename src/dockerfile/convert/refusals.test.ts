import assert from "node:assert/strict";
import { test } from "node:test";
import { CodedError } from "../../errors/index.ts";
import { FakeImages } from "./fake-images.ts";
import type { ImageConfigResolver } from "./options.ts";
import { convert } from "./test-helpers.ts";

const refused: [instruction: string, code: string, message: string][] = [
  ["COPY http://x/y /b", "DOCKERFILE_INSTRUCTION", "source can't be a URL for COPY"],
  ["COPY git@github.com:x/y.git /b", "DOCKERFILE_INSTRUCTION", "source can't be a git ref for COPY"],
  ["COPY https://x/y.git#main /b", "DOCKERFILE_INSTRUCTION", "source can't be a git ref for COPY"],
  [
    "ADD --checksum=sha256:a a b /c/",
    "DOCKERFILE_INSTRUCTION",
    "checksum can't be specified for multiple sources",
  ],
  ["ADD --checksum=sha256:a a /c", "DOCKERFILE_INSTRUCTION", "checksum requires HTTP(S) or Git sources"],
  [
    "ADD --keep-git-dir=true https://x/y.git?keep-git-dir=false /b",
    "DOCKERFILE_INSTRUCTION",
    "inconsistent keep-git-dir configuration",
  ],
  [
    "ADD --checksum=abc https://x/y.git?commit=def /b",
    "DOCKERFILE_INSTRUCTION",
    'checksum mismatch "abc" != "def"',
  ],
  ["ADD https://x/y.git?foo=1 /b", "DOCKERFILE_INSTRUCTION", 'unexpected query "foo"'],
  [
    "ADD https://x/y.git?fetch-by-commit=1 /b",
    "DOCKERFILE_INSTRUCTION",
    "fetch-by-commit requires a checksum",
  ],
  ["RUN --device=gpu x", "UNSUPPORTED", "RUN --device in ONBUILD is not supported yet"],
  ["RUN --security=insecure x", "DOCKERFILE_INSTRUCTION", "security.insecure is not allowed"],
  ["RUN --mount=target=/ x", "DOCKERFILE_INSTRUCTION", 'invalid mount target "/"'],
  ["RUN --mount=type=ssh,source=x x", "DOCKERFILE_INSTRUCTION", "ssh does not support source"],
  [
    "RUN --mount=type=tmp,target=/t x",
    "DOCKERFILE_INSTRUCTION",
    'unsupported mount type "tmp" (did you mean tmpfs?)',
  ],
  [
    "RUN --mount=from=later,target=/t x",
    "DOCKERFILE_STAGE",
    'cannot mount from stage "later" to "/t", stage needs to be defined before current command',
  ],
  [
    "COPY --from=later / /",
    "DOCKERFILE_STAGE",
    'cannot copy from stage "later", it needs to be defined before current stage "first"',
  ],
  ["COPY --chmod=u=q a /b", "DOCKERFILE_INSTRUCTION", "invalid syntax"],
  [
    "COPY --chmod=64a a /b",
    "DOCKERFILE_INSTRUCTION",
    "invalid chmod parameter: '64a'. it should be octal string and between 0 and 07777",
  ],
  [
    "COPY --chmod=99999 a /b",
    "DOCKERFILE_INSTRUCTION",
    "invalid chmod parameter: '99999'. it should be octal string and between 0 and 07777",
  ],
  ["EXPOSE a", "DOCKERFILE_INSTRUCTION", "invalid containerPort: a"],
  ["EXPOSE 99999", "DOCKERFILE_INSTRUCTION", "invalid containerPort: 99999"],
  ["EXPOSE 80-79", "DOCKERFILE_INSTRUCTION", "invalid containerPort: 80-79"],
  ["EXPOSE 80/foo", "DOCKERFILE_INSTRUCTION", 'invalid port: "80/foo": invalid proto: foo'],
  ["EXPOSE /tcp", "DOCKERFILE_INSTRUCTION", 'invalid port: "/tcp": no port specified'],
  ["EXPOSE 1:2:3:4", "DOCKERFILE_INSTRUCTION", "invalid IP address: 1:2"],
  ["EXPOSE x:80", "DOCKERFILE_INSTRUCTION", "invalid hostPort: x"],
  [
    "EXPOSE 80-85:90-92",
    "DOCKERFILE_INSTRUCTION",
    "invalid ranges specified for container and host Ports: 90-92 and 80-85",
  ],
  ["STOPSIGNAL SIGFOO", "DOCKERFILE_INSTRUCTION", "invalid signal: SIGFOO"],
  ["STOPSIGNAL 0", "DOCKERFILE_INSTRUCTION", "invalid signal: 0"],
  ["ENV A=${", "DOCKERFILE_EXPANSION", "failed to process \"${\": syntax error: missing '}'"],
  ["ARG A=${B:?need-b}", "DOCKERFILE_EXPANSION", 'failed to process "${B:?need-b}": B: need-b'],
];

for (const [instruction, code, message] of refused) {
  const text = `FROM alpine AS first\n${instruction}\nFROM alpine AS later\n`;
  test(`refused with its line: ${instruction}`, async () => {
    await assert.rejects(convert(text, { target: "first" }), (error) => {
      assert.ok(error instanceof CodedError);
      assert.deepEqual([error.code, error.message], [code, message]);
      assert.equal(error.location?.range.startLine, 2);
      return true;
    });
  });
  test(`no matter in a stage that is not needed: ${instruction}`, async () => {
    await convert(text, { target: "later" });
  });
}

test("an image that cannot be resolved is reported at the line that names it, and ends the other requests", async () => {
  const images = new FakeImages();
  const aborted: string[] = [];
  const resolver: ImageConfigResolver = {
    resolveImageConfig: (reference, options) => {
      if (!reference.includes("busybox")) return images.resolveImageConfig(reference, options);
      return new Promise((_, reject) =>
        options.signal?.addEventListener("abort", () => {
          aborted.push(reference);
          reject(new Error("aborted"));
        }),
      );
    },
  };
  const text = "FROM busybox\nCOPY --from=nosuch / /";
  await assert.rejects(convert(text, { resolver }), (error) => {
    assert.ok(error instanceof CodedError);
    assert.equal(error.message, "docker.io/library/nosuch:latest: not found");
    assert.equal(error.location?.range.startLine, 2);
    return true;
  });
  assert.deepEqual(aborted, ["docker.io/library/busybox:latest"]);
});

test("an image that is not found may be one of those that everybody uses", async () => {
  const resolver: ImageConfigResolver = {
    resolveImageConfig: () =>
      Promise.reject(new CodedError("NOT_FOUND", "docker.io/library/alpin:latest: not found")),
  };
  await assert.rejects(convert("FROM alpin", { resolver }), {
    message: "docker.io/library/alpin:latest: not found (did you mean alpine?)",
  });
});

test("an image that is not found may be a stage whose name was mistyped", async () => {
  await assert.rejects(convert("FROM alpine AS nosuchimg\nFROM nosuchimage"), {
    message: "docker.io/library/nosuchimage:latest: not found (did you mean nosuchimg?)",
  });
});

test("build arguments that nothing declares are warned about", async () => {
  const buildArgs = {
    B: "1",
    A: "1",
    USED: "1",
    GLOBAL: "1",
    HTTP_PROXY: "p",
    TARGETARCH: "x",
    BUILDKIT_X: "1",
  };
  const { warnings } = await convert("ARG GLOBAL\nFROM alpine AS a\nARG USED\nFROM alpine", { buildArgs });
  assert.deepEqual(
    warnings.map(({ message }) => message),
    ["One or more build-args [A B] were not consumed"],
  );
});

test("a build argument that is written otherwise than its ARG is told the nearest", async () => {
  const { warnings } = await convert("FROM alpine\nARG VERSION", { buildArgs: { VERSOIN: "1" } });
  assert.deepEqual(
    warnings.map(({ message }) => message),
    ["One or more build-args [VERSOIN] were not consumed (did you mean VERSION?)"],
  );
});

test("a build argument that a trigger declares is not warned about", async () => {
  const text = "FROM alpine AS a\nONBUILD ARG X\nFROM a";
  assert.deepEqual((await convert(text, { buildArgs: { X: "1" } })).warnings, []);
});

test("an image of another platform than asked for is warned about", async () => {
  const images = new FakeImages();
  const resolver: ImageConfigResolver = {
    resolveImageConfig: (reference, options) =>
      images.resolveImageConfig(reference, { ...options, platform: { os: "linux", architecture: "s390x" } }),
  };
  const { warnings, config } = await convert("FROM alpine", { resolver });
  assert.deepEqual(
    warnings.map(({ message }) => message),
    ['Base image alpine was pulled with platform "linux/s390x", expected "linux/amd64" for current build'],
  );
  assert.equal(config.architecture, "s390x");
});

test("a trigger of a stage may need a further stage", async () => {
  const text = "FROM alpine AS a\nONBUILD COPY --from=b /x /y\nFROM alpine AS b\nFROM a";
  const { stagesBuilt } = await convert(text);
  assert.deepEqual(stagesBuilt, ["a", "b", "stage-2"]);
});

test("hostile names of variables and labels are ordinary", async () => {
  const { config } = await convert(
    "FROM alpine\nLABEL __proto__=x constructor=y\nARG hasOwnProperty=1\nENV __proto__=$hasOwnProperty",
  );
  assert.equal(config.config.Env?.at(-1), "__proto__=1");
  assert.deepEqual(Object.entries(config.config.Labels ?? {}), [
    ["__proto__", "x"],
    ["constructor", "y"],
  ]);
});

for (const [flag, privilege, allow] of [
  ["--network=host", "network.host", { networkHost: true }],
  ["--security=insecure", "security.insecure", { insecure: true }],
] as const) {
  test(`RUN ${flag} needs ${privilege}`, async () => {
    const text = `FROM alpine\nRUN ${flag} x`;
    await assert.rejects(convert(text), {
      code: "DOCKERFILE_INSTRUCTION",
      message: `${privilege} is not allowed`,
      hint: `allow it with --allow ${privilege}`,
    });
    await convert(text, { allow });
    await convert(`FROM alpine AS unneeded\nRUN ${flag} x\nFROM alpine`);
  });
}
