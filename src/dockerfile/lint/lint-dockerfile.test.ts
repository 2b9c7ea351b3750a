import assert from "node:assert/strict";
import { test } from "node:test";
import { DockerfileError } from "../dockerfile-error.ts";
import { parseDockerfile } from "../instructions/parse-dockerfile.ts";
import type { LintBase, LintInput, LintOptions } from "./lint-input.ts";
import { inFileOrder, lintDockerfile } from "./lint-dockerfile.ts";
import { rules } from "./rules.ts";

// Each row: a file, and what docker build --check says of it, as `line Rule: message`.
const files: readonly [string, readonly string[]][] = [
  ["FROM busybox\nRUN a \\\n\n b\n", ["4 NoEmptyContinuation: Empty continuation line"]],
  [
    "FROM busybox\nENV a=${x:-y} b=$x c=$PATH\n",
    ["2 UndefinedVar: Usage of undefined variable '$x'", "2 UndefinedVar: Usage of undefined variable '$x'"],
  ],
  [
    "ARG SECRET_KEY=1\nFROM busybox\nARG PASSWORD\nENV API_TOKEN=x MY_KEY_FILE=y monkey=z\n",
    [
      `3 SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data (ARG "PASSWORD")`,
      `4 SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data (ENV "API_TOKEN")`,
    ],
  ],
  [
    "# check=experimental=all\nARG a\n# foo\n\nFROM busybox AS base\n# bar\nARG b c\n# b is good\nARG b\n# x\n#\nARG d\n",
    [
      "5 InvalidDefinitionDescription: Comment for FROM should follow the format: `# base <description>`",
      "7 InvalidDefinitionDescription: Comment for ARG should follow the format: `# <arg_key> <description>`",
    ],
  ],
  ["# foo\nFROM busybox AS base\n", []],
  [
    "FROM busybox AS Base\nfrom busybox As x\nFROM busybox as scratch\nFROM busybox AS x\n",
    [
      "1 StageNameCasing: Stage name 'Base' should be lowercase",
      "2 FromAsCasing: 'As' and 'from' keywords' casing do not match",
      "2 ConsistentInstructionCasing: Command 'from' should match the case of the command majority (uppercase)",
      "3 FromAsCasing: 'as' and 'FROM' keywords' casing do not match",
      `3 ReservedStageName: Stage name should not use the same name as reserved stage "scratch"`,
      `4 DuplicateStageName: Duplicate stage name "x", stage names should be unique`,
    ],
  ],
  [
    "FROM busybox\nCMD a\nCMD b\nENTRYPOINT x\nHEALTHCHECK CMD x\nHEALTHCHECK CMD y\n",
    [
      "2 JSONArgsRecommended: JSON arguments recommended for CMD to prevent unintended behavior related to OS signals",
      "2 MultipleInstructionsDisallowed: Multiple CMD instructions should not be used in the same stage because only the last one will be used",
      "3 JSONArgsRecommended: JSON arguments recommended for CMD to prevent unintended behavior related to OS signals",
      "4 JSONArgsRecommended: JSON arguments recommended for ENTRYPOINT to prevent unintended behavior related to OS signals",
      "5 MultipleInstructionsDisallowed: Multiple HEALTHCHECK instructions should not be used in the same stage because only the last one will be used",
    ],
  ],
  [`FROM busybox\nSHELL ["/bin/sh", "-c"]\nCMD a\n`, []],
  [
    "FROM busybox\nMAINTAINER me\nENV a b\nLABEL a b\n",
    [
      "2 MaintainerDeprecated: Maintainer instruction is deprecated in favor of using label",
      `3 LegacyKeyValueFormat: "ENV key=value" should be used instead of legacy "ENV key value" format`,
      `4 LegacyKeyValueFormat: "LABEL key=value" should be used instead of legacy "LABEL key value" format`,
    ],
  ],
  [
    "ARG BULID=1\nFROM --platform=$BULIDPLATFORM busybox:${TAG:-latest}\n",
    [
      "2 UndefinedArgInFrom: FROM argument 'TAG' is not declared",
      "2 UndefinedArgInFrom: FROM argument 'BULIDPLATFORM' is not declared (did you mean BUILDPLATFORM?)",
    ],
  ],
  [
    "ARG v\nFROM busybox:$v\nFROM $v\n",
    [
      "2 InvalidDefaultArgInFrom: Default value for ARG busybox:$v results in empty or invalid base image name",
      "3 InvalidDefaultArgInFrom: Default value for ARG $v results in empty or invalid base image name",
    ],
  ],
  [
    "FROM --platform=$TARGETPLATFORM busybox\nFROM --platform=linux/amd64 busybox AS amd64-x\nFROM --platform=linux/amd64 busybox\nFROM --platform=$BUILDPLATFORM busybox\n",
    [
      "1 RedundantTargetPlatform: Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior",
      `3 FromPlatformFlagConstDisallowed: FROM --platform flag should not use constant value "linux/amd64"`,
    ],
  ],
  [
    "FROM busybox\nWORKDIR app\nWORKDIR b\n",
    [`2 WorkdirRelativePath: Relative workdir "app" can have unexpected results if the base image changes`],
  ],
  ["FROM busybox AS a\nWORKDIR /x\nFROM a\nWORKDIR app\n", []],
  [
    `FROM busybox\nEntryPoint ["a"]\nrun x\nCOPY a b\n`,
    [
      "2 ConsistentInstructionCasing: Command 'EntryPoint' should match the case of the command majority (uppercase)",
      "3 ConsistentInstructionCasing: Command 'run' should match the case of the command majority (uppercase)",
    ],
  ],
  [
    "from busybox\nrun x\nCOPY a b\n",
    [
      "3 ConsistentInstructionCasing: Command 'COPY' should match the case of the command majority (lowercase)",
    ],
  ],
  [
    "FROM busybox\nEXPOSE 80/TcP 127.0.0.1:80:80\n",
    [
      "2 ExposeInvalidFormat: EXPOSE instruction should not define an IP address or host-port mapping, found '127.0.0.1:80:80'",
      "2 ExposeProtoCasing: Defined protocol '80/TcP' in EXPOSE instruction should be lowercase",
    ],
  ],
  [
    "ARG x=a\nARG w=$x\nFROM busybox\nENV k=$w\nRUN echo $TARGETARCH\nENV m=$TARGETARCH n=$HTTP_PROXY q=$BUILDKIT_SBOM_SCAN_STAGE\n",
    [
      "4 UndefinedVar: Usage of undefined variable '$w'",
      "6 UndefinedVar: Usage of undefined variable '$TARGETARCH'",
      "6 UndefinedVar: Usage of undefined variable '$HTTP_PROXY'",
    ],
  ],
  [
    "FROM busybox\nARG foo\nRUN --mount=type=cache,target=/$dir echo $y\nCOPY $foo $fooo /x\nCOPY <<E /y\n$zzz '$yyy'\nE\nWORKDIR /$q\nARG r=$s\nEXPOSE $t\nUSER $u\nSTOPSIGNAL $v\nVOLUME $w\nLABEL a=$l\nONBUILD ENV a=$z\nENV PA=$PTH\nCMD [\"$x\"]\nHEALTHCHECK CMD $h\n",
    [
      "3 UndefinedVar: Usage of undefined variable '$dir'",
      "4 UndefinedVar: Usage of undefined variable '$fooo'",
      "5 UndefinedVar: Usage of undefined variable '$zzz'",
      "5 UndefinedVar: Usage of undefined variable '$yyy'",
      "8 UndefinedVar: Usage of undefined variable '$q'",
      "9 UndefinedVar: Usage of undefined variable '$s'",
      "11 UndefinedVar: Usage of undefined variable '$u' (did you mean $r?)",
      "12 UndefinedVar: Usage of undefined variable '$v' (did you mean $r?)",
      "13 UndefinedVar: Usage of undefined variable '$w' (did you mean $r?)",
      "14 UndefinedVar: Usage of undefined variable '$l' (did you mean $r?)",
      "16 UndefinedVar: Usage of undefined variable '$PTH' (did you mean $PATH?)",
    ],
  ],
  ["# check=skip=all\nFROM busybox\nENV a b\n", []],
  [
    "# check=skip=LegacyKeyValueFormat,UndefinedVar // why\nFROM busybox\nENV a $b\nMAINTAINER x\n",
    ["4 MaintainerDeprecated: Maintainer instruction is deprecated in favor of using label"],
  ],
  [
    "FROM busybox\n# check=skip=LegacyKeyValueFormat\nENV a b\nENV c d\n# check=skip=all\nMAINTAINER x\n",
    [`4 LegacyKeyValueFormat: "ENV key=value" should be used instead of legacy "ENV key value" format`],
  ],
];

for (const [text, wanted] of files) {
  test(`${JSON.stringify(text)} has ${wanted.length} warnings`, () => {
    assert.deepEqual(lint(text), wanted);
  });
}

test("stages that are not asked for are walked through but not reported", () => {
  const text = "FROM busybox AS a\nENV a b\nARG c=$nope\nFROM a\nENV d=$a$c e=$f\n";
  assert.deepEqual(lint(text, { stages: new Set([1]) }), [
    "5 UndefinedVar: Usage of undefined variable '$f' (did you mean $a?)",
  ]);
});

test("variables of an unknown base image are not guessed at", () => {
  assert.deepEqual(lint("FROM busybox\nENV a=$b\n", { baseImage: () => undefined }), []);
});

test("variables and shell of a base image count, and its platform must be the expected one", () => {
  const config = { Env: ["HOME=/root"], Shell: ["/bin/bash", "-c"] };
  const baseImage = () => ({ os: "linux", architecture: "arm64", config });
  assert.deepEqual(lint("FROM busybox\nENV a=$HOME\nCMD x\n", { baseImage }), [
    `1 InvalidBaseImagePlatform: Base image busybox was pulled with platform "linux/arm64", expected "linux/amd64" for current build`,
  ]);
});

test("sources that the ignore file excludes are reported, unless it has exceptions", () => {
  const text =
    "FROM busybox\nCOPY ./a.md b /d/\nADD a.md https://x/a.md /d/\nCOPY --from=x a.md /\nCOPY . /\n";
  const isIgnored = (path: string) => path === "a.md";
  assert.deepEqual(lint(text, { ignore: { patterns: ["*.md"], isIgnored } }), [
    `2 CopyIgnoredFile: Attempting to Copy file "a.md" that is excluded by .dockerignore`,
    `3 CopyIgnoredFile: Attempting to Add file "a.md" that is excluded by .dockerignore`,
  ]);
  assert.deepEqual(lint(text, { ignore: { patterns: ["*.md", "!x"], isIgnored } }), []);
  assert.deepEqual(lint("FROM busybox\nCOPY . /\n", { ignore: { patterns: ["**"], isIgnored } }), [
    `2 CopyIgnoredFile: Attempting to Copy file "." that is excluded by .dockerignore`,
  ]);
});

test("error=true makes a violation an error, and a build argument goes before the directive", () => {
  const text = "# check=error=true\nFROM busybox\nENV a b\nMAINTAINER x\n";
  const { error } = lintDockerfile(input(text));
  assert.ok(error instanceof DockerfileError);
  assert.equal(error.code, "DOCKERFILE_CHECK");
  assert.equal(error.message, "lint violation found for rules: MaintainerDeprecated, LegacyKeyValueFormat");
  const quiet = { ...input(text), buildArgs: { BUILDKIT_DOCKERFILE_CHECK: "skip=all;error=true" } };
  assert.deepEqual(lintDockerfile(quiet), { warnings: [], remarks: [], error: undefined });
});

const badOptions: readonly [string, string][] = [
  ["foo", 'invalid check option "foo"'],
  ["foo=bar", 'invalid check option "foo"'],
  ["error=x", 'failed to parse check option "error=x": strconv.ParseBool: parsing "x": invalid syntax'],
];

for (const [option, reason] of badOptions) {
  test(`check=${option} is refused: ${reason}`, () => {
    assert.throws(() => lintDockerfile(input(`# check=${option}\nFROM busybox\n`)), {
      code: "DOCKERFILE_CHECK",
      message: `failed to parse check options: ${reason}`,
    });
  });
}

test("a warning carries the rule's description, page and place", () => {
  const [warning] = lintDockerfile(input("FROM busybox\nENV a b\n")).warnings;
  assert.equal(warning?.hint, rules.LegacyKeyValueFormat.description);
  assert.equal(warning?.url, "https://docs.docker.com/go/dockerfile/rule/legacy-key-value-format/");
  assert.deepEqual(warning?.location.range, { startLine: 2, startColumn: 1, endLine: 2, endColumn: 8 });
});

test("below the last line that is asked for, only rules about the whole file count", () => {
  const text = "FROM busybox AS A\nENV a b\nENV c d\nFROM busybox AS A\nENV e $f\n";
  assert.deepEqual(lint(text, { lastLine: 2 }), [
    "1 StageNameCasing: Stage name 'A' should be lowercase",
    `2 LegacyKeyValueFormat: "ENV key=value" should be used instead of legacy "ENV key value" format`,
    "4 StageNameCasing: Stage name 'A' should be lowercase",
    `4 DuplicateStageName: Duplicate stage name "a", stage names should be unique`,
  ]);
});

test("warnings are found in the order of BuildKit: the whole file, FROM lines, then stages", () => {
  const text = "FROM --platform=linux/amd64 busybox as A\nCMD x\nfrom busybox\nMAINTAINER me\nCMD y\nCMD z\n";
  assert.deepEqual(
    lintDockerfile(input(text)).warnings.map(({ rule, location }) => `${location.range.startLine} ${rule}`),
    [
      "1 StageNameCasing",
      "1 FromAsCasing",
      "4 MaintainerDeprecated",
      "3 ConsistentInstructionCasing",
      "1 FromPlatformFlagConstDisallowed",
      "2 JSONArgsRecommended",
      "5 JSONArgsRecommended",
      "5 MultipleInstructionsDisallowed",
      "6 JSONArgsRecommended",
    ],
  );
});

test("there are 22 rules of BuildKit, and six of our own", () => {
  const own = Object.values(rules).filter(({ isOwn }) => isOwn);
  assert.deepEqual([Object.keys(rules).length - own.length, own.length], [22, 6]);
});

function lint(text: string, options: LintOptions = {}): string[] {
  const baseImage = () => ({ os: "linux", architecture: "amd64", config: {} });
  const { warnings } = lintDockerfile(input(text), { baseImage, ...options });
  return inFileOrder(warnings).map(
    ({ rule, message, location }) => `${location.range.startLine} ${rule}: ${message}`,
  );
}

/** What the stage graph would say of these simple files. */
function input(text: string): LintInput {
  const dockerfile = parseDockerfile(text);
  const platform = { os: "linux", architecture: "amd64" };
  const stages = dockerfile.stages.map(({ from }): { base: LintBase } => {
    const index = dockerfile.stages.findIndex((stage) => stage.from.stageName === from.image);
    return { base: index < 0 ? { kind: "image", name: from.image } : { kind: "stage", index } };
  });
  const globalArgs = new Map([
    ["BUILDPLATFORM", "linux/amd64"],
    ["TARGETPLATFORM", "linux/amd64"],
  ]);
  for (const { key, value } of dockerfile.globalArgs.flatMap(({ args }) => args))
    if (value !== undefined) globalArgs.set(key, value);
  return { dockerfile, stages, platform, buildArgs: {}, globalArgs };
}
