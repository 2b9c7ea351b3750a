import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { PatternMatcher } from "../../tree/index.ts";
import { parseDockerfile } from "../instructions/index.ts";
import { resolveStages } from "../stages/index.ts";
import { lintDockerfile } from "./lint-dockerfile.ts";
import { type RuleName, rules } from "./rules.ts";

const platform = { os: "linux", architecture: "amd64" };
const patterns = ["*.log"];
const matcher = new PatternMatcher(patterns);
const ignore = { patterns, isIgnored: (path: string) => matcher.matches(path) };

/** Names of the rules that a file violates. */
function violated(text: string): string[] {
  const graph = resolveStages(parseDockerfile(text), { platform, buildArgs: { TAG: "1" } });
  const baseImage = () => ({ ...platform, config: {} });
  const { warnings, remarks } = lintDockerfile(graph, { graph, baseImage, ignore });
  return [...new Set([...warnings, ...remarks].map(({ rule }) => rule))];
}

/** A platform that is not there cannot be shown by a file alone. */
const withoutExample: readonly string[] = ["InvalidBaseImagePlatform"];

for (const name of Object.keys(rules) as RuleName[]) {
  test(`the page of ${name} shows a file that violates it, and one that does not`, () => {
    const page = rules[name].page ?? "invalid-base-image-platform";
    const text = readFileSync(`docs/rules/${page}.md`, "utf8");
    assert.ok(text.startsWith(`# ${name}\n\n${rules[name].description.replace(/\.$/, "")}.\n`));
    if (withoutExample.includes(name)) return;
    const [bad, good] = [...text.matchAll(/```dockerfile\n(.*?)```/gs)].map(([, file]) => file!);
    assert.ok(violated(bad!).includes(name), `${name} in:\n${bad}`);
    // A good example that is odd in another way would teach that.
    const isOwn = rules[name].isOwn === true;
    const rest = violated(good!).filter((rule) => isOwn || !rules[rule as RuleName].isOwn);
    assert.deepEqual(rest, [], `in:\n${good}`);
  });
}

test("docs/checks.md lists every rule", () => {
  const text = readFileSync("docs/checks.md", "utf8");
  for (const name of Object.keys(rules)) assert.ok(text.includes(`| [${name}](rules/`), name);
});
