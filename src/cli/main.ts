import { readFileSync } from "node:fs";

// A pipe that its reader closed (`slipway images | head -1`) ends the command quietly, as a signal would.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(141);
});

const args = process.argv.slice(2);
if (args[0] === "--version" || args[0] === "-v" || (args[0] === "version" && args.length === 1)) {
  process.stdout.write(`slipway ${packageVersion()}\n`);
} else {
  const { runCli } = await import("./run-cli.ts");
  process.exitCode = await runCli(args, {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    exitCode: 0,
  });
}

/** This file is bundled as `dist/cli.js`. */
function packageVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
