// Writes docs/cli.md from the definitions of the commands. `--check` only says whether it is up to date.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

const file = "docs/cli.md";
const text = await reference();
if (!process.argv.includes("--check")) await writeFile(file, text);
else if (text !== (await readFile(file, "utf8"))) {
  console.error(`${file} is out of date: run node scripts/cli-reference.mjs`);
  process.exitCode = 1;
}

async function reference() {
  const program = await loadProgram();
  const globals = visibleOptions(program).filter((option) => option.helpGroupHeading === "Global options:");
  const sections = program.commands.flatMap((command) => [
    section(command, 2),
    ...command.commands.filter((child) => child.name() !== "help").map((child) => section(child, 3)),
  ]);
  return [
    "# Commands",
    "Made by `node scripts/cli-reference.mjs`. Every command takes, before or after its name:",
    optionTable(globals),
    "Exit codes are in [exit-codes.md](exit-codes.md).",
    ...sections,
    "",
  ].join("\n\n");
}

async function loadProgram() {
  // Inside the project, so that packages left out of the bundle are found.
  const outdir = await mkdtemp(path.resolve("build-reference-"));
  try {
    await build({
      entryPoints: ["src/cli/run-cli.ts"],
      outdir,
      bundle: true,
      splitting: true,
      format: "esm",
      platform: "node",
      target: "node20.19",
      external: ["koffi"],
      outExtension: { ".js": ".mjs" },
      banner: {
        js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
      },
      logLevel: "warning",
    });
    const { createProgram } = await import(pathToFileURL(path.join(outdir, "run-cli.mjs")).href);
    return await createProgram("all", { stdout: process.stdout, stderr: process.stderr });
  } finally {
    await rm(outdir, { recursive: true });
  }
}

function section(command, level) {
  const options = visibleOptions(command).filter((option) => option.helpGroupHeading !== "Global options:");
  const groups = groupBy(options, groupOf);
  const parts = [
    `${"#".repeat(level)} slipway ${pathOf(command)}`,
    `${command.description()}.`,
    ["```", ...usageLines(command), "```"].join("\n"),
  ];
  if (command.registeredArguments.length > 0) parts.push(argumentTable(command.registeredArguments));
  for (const [group, members] of groups)
    parts.push(...(groups.size > 1 ? [`**${group}**`] : []), optionTable(members));
  return parts.join("\n\n");
}

function usageLines(command) {
  const usage = command
    .usage()
    .split("\n")
    .map((line) => line.trim());
  return usage.map((line, index) => (index === 0 ? `slipway ${pathOf(command)} ${line}`.trimEnd() : line));
}

function pathOf(command) {
  return command.parent?.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}

function visibleOptions(command) {
  return command
    .createHelp()
    .visibleOptions(command)
    .filter((option) => option.long !== "--help");
}

function groupOf(option) {
  return (option.helpGroupHeading ?? "Options:").replace(/:$/, "");
}

function groupBy(items, keyOf) {
  const groups = new Map();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

function argumentTable(list) {
  const rows = list.map((each) => `| \`${each.name()}\` | ${cell(each.description)} |`);
  return ["| argument | |", "| --- | --- |", ...rows].join("\n");
}

function optionTable(options) {
  const rows = options.map((option) => `| \`${option.flags}\` | ${cell(described(option))} |`);
  return ["| option | |", "| --- | --- |", ...rows].join("\n");
}

function described({ description, argChoices, defaultValue }) {
  const isShown =
    defaultValue !== undefined && typeof defaultValue !== "boolean" && !Array.isArray(defaultValue);
  const notes = [
    ...(argChoices ? [`one of ${argChoices.join(", ")}`] : []),
    ...(isShown ? [`default: ${defaultValue}`] : []),
  ];
  return notes.length > 0 ? `${description} (${notes.join("; ")})` : description;
}

function cell(content) {
  return content.replaceAll("|", "\\|");
}
