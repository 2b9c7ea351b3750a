import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDockerfile } from "../instructions/parse-dockerfile.ts";
import { lintDockerfile } from "./lint-dockerfile.ts";

// Worst cases of every check that looks one thing up among many: each must end in a few seconds at most.
const hostile: readonly [string, string][] = [
  ["many undefined variables", lines(3000, (index) => `ENV v${index}=$u${index}`)],
  ["very many undefined variables in one text", `COPY <<E /x\n${lines(200_000, (index) => `$u${index}`)}E\n`],
  ["names of 60,000 characters", `ENV ${"a".repeat(60_000)}=1\nENV b=$${"a".repeat(59_999)}b\n`],
  ["many stages", lines(10_000, (index) => `FROM a$x${index} AS s${index}`)],
  ["many empty continuations", lines(10_000, () => "RUN a \\\n\n b")],
  ["a variable that doubles", `ENV a=${"x".repeat(1000)}\n${lines(40, () => "ENV a=$a$a")}`],
  ["many repeated commands", lines(20_000, () => "CMD x")],
];

for (const [what, text] of hostile) {
  test(`${what} do not slow checks down`, () => {
    const dockerfile = parseDockerfile(`FROM busybox\n${text}`);
    const platform = { os: "linux", architecture: "amd64" };
    const stages = dockerfile.stages.map(() => ({ base: { kind: "scratch" as const } }));
    const start = process.cpuUsage();
    lintDockerfile({ dockerfile, stages, platform, buildArgs: {}, globalArgs: new Map() });
    assert.ok(process.cpuUsage(start).user < 12_000_000, "microseconds of processor time");
  });
}

function lines(count: number, line: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => `${line(index)}\n`).join("");
}
