import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { Command, Option } from "commander";
import { completionScript } from "./completion-script.ts";

const program = new Command("slipway");
program
  .command("build")
  .description("Build it")
  .option("--target <stage>", "Stage")
  .option("-t, --tag <name>", "the image's name")
  .addOption(new Option("--secret-flag").hideHelp());
program.command("compose").command("up");
program.command("bulk").option("--tag", "x");

/** What bash offers for a command line, in a directory with a Dockerfile. */
function complete(t: { after(work: () => void): void }, ...words: string[]): string[] {
  const dir = mkdtempSync(path.join(tmpdir(), "slipway-completion-"));
  t.after(() => rmSync(dir, { recursive: true }));
  writeFileSync(path.join(dir, "Dockerfile"), "FROM a AS base\n  from b as Test\nRUN echo FROM x AS y\n");
  const script = `${completionScript(program, "bash")}
COMP_WORDS=(slipway ${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length}; _slipway
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync("bash", ["-c", script], { cwd: dir, encoding: "utf8" });
  assert.equal(stderr, "");
  return stdout.split("\n").filter((line) => line !== "");
}

test("bash completes commands, options, subcommands and stages", (t) => {
  assert.deepEqual(complete(t, "bu"), ["build", "bulk"]);
  assert.deepEqual(complete(t, "build", "--t"), ["--target", "--tag"]);
  assert.deepEqual(complete(t, "build", "--se"), [], "what is hidden stays so");
  assert.deepEqual(complete(t, "compose", ""), ["up"]);
  assert.deepEqual(complete(t, "build", "--target", ""), ["base", "Test"]);
});

test("fish gets a line for each command and option, quoted", () => {
  const script = completionScript(program, "fish");
  assert.match(script, /^complete -c slipway -n __fish_use_subcommand -f -a build -d 'Build it'$/m);
  assert.match(script, /-l tag -d 'the image\\'s name'$/m);
});

test("zsh takes bash's", () => {
  assert.match(
    completionScript(program, "zsh"),
    /^autoload -U \+X bashcompinit && bashcompinit\n_slipway\(\)/,
  );
});
