import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import type { CliIo } from "./cli-io.ts";
import { runCli } from "./run-cli.ts";

const noContainers = "no container is kept: slipway run stays in the foreground until its command has ended";

const table: readonly [line: string, message: string, hint: string][] = [
  ["bild .", 'Unknown command "bild", did you mean "build"?', "see: slipway --help"],
  ["bild --help", 'Unknown command "bild", did you mean "build"?', "see: slipway --help"],
  ["help bild", 'Unknown command "bild", did you mean "build"?', "see: slipway --help"],
  ["help ps", 'Cannot carry out "slipway ps": no such command', noContainers],
  ["nonsense", 'Unknown command "nonsense"', "see: slipway --help"],
  ["build", 'Missing required argument "context"', "for the working directory: slipway build ."],
  ["build --targt x .", 'Unknown option "--targt", did you mean "--target"?', "see: slipway build --help"],
  ["build --targt=x .", 'Unknown option "--targt=x", did you mean "--target"?', "see: slipway build --help"],
  ["build --pull=maybe .", "Cannot use --pull=maybe: true or false is needed", ""],
  [
    "build --squash=false --no-cache=true",
    'Missing required argument "context"',
    "for the working directory: slipway build .",
  ],
  [
    "build --squash=true .",
    "Cannot carry out --squash: not supported",
    "use a stage that copies what is needed: FROM scratch, COPY --from=STAGE / /",
  ],
  ["build --nope=x .", 'Unknown option "--nope=x"', "see: slipway build --help"],
  ["build . .", 'Too many arguments for "build": expected 1 argument, got 2', "see: slipway build --help"],
  ["build . -f", 'Option "-f, --file <file>" argument missing', "see: slipway build --help"],
  ["build -m 1g .", "Cannot carry out --memory: not supported", "limits are those of the caller"],
  ["inspect -f x app", "Cannot carry out --format: not supported", "the output is JSON: pipe it into jq"],
  ["--root", 'Option "--root <dir>" argument missing', "see: slipway --help"],
  ["compose up --bild", 'Unknown option "--bild", did you mean "--build"?', "see: slipway compose up --help"],
  [
    "compose up -t x",
    'Option "-t, --timeout <seconds>" argument "x" is invalid: a number of seconds is needed',
    "see: slipway compose up --help",
  ],
  ["compose nonsense", 'Unknown command "nonsense"', "see: slipway compose --help"],
  ["ps -a", 'Cannot carry out "slipway ps": no such command', noContainers],
  [
    "buildx build .",
    'Cannot carry out "slipway buildx": no such command',
    'leave "buildx" out: slipway build',
  ],
  ["builder prune -f", 'Cannot carry out "slipway builder": no such command', "use slipway prune"],
  ["image ls", 'Cannot carry out "slipway image": no such command', "use slipway images"],
  [
    "image rename a b",
    'Cannot carry out "slipway image": no such command',
    'leave "image" out: slipway images, rmi, inspect, history, pull, push, tag, save, load, prune',
  ],
  [
    "build --secret npm .",
    'Cannot parse --secret "npm": unknown key "npm"',
    "write id=ID,src=FILE, or id=ID,env=NAME",
  ],
  [
    "compose -f c.yaml logs -f",
    'Cannot carry out "slipway compose logs": no such command',
    "services live as long as slipway compose up does, in the foreground, and their output is its output",
  ],
];

for (const [line, message, hint] of table)
  test(`slipway ${line} says: ${message}`, async () => {
    assert.deepEqual(await slipway(line), {
      exitCode: 2,
      stdout: "",
      stderr: `ERROR: ${message}\n${hint && `hint: ${hint}\n`}`,
    });
  });

test("help that is asked for is on standard output, and on standard error where a command is missing", async () => {
  const asked = await slipway("images --help");
  assert.match(asked.stdout, /^Usage: slipway images /);
  assert.deepEqual({ ...asked, stdout: "" }, { exitCode: 0, stdout: "", stderr: "" });
  assert.match((await slipway("help compose up")).stdout, /^Usage: slipway compose up /);
  const missing = await slipway("compose");
  assert.match(missing.stderr, /^Usage: slipway compose /);
  assert.deepEqual({ ...missing, stderr: "" }, { exitCode: 2, stdout: "", stderr: "" });
});

async function slipway(line: string): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const said = { stdout: "", stderr: "" };
  const sink = (name: keyof typeof said) => ({ write: (text: string) => (said[name] += text) });
  const io = {
    stdin: Readable.from([]),
    stdout: sink("stdout"),
    stderr: sink("stderr"),
    env: {},
    cwd: "/",
    exitCode: 0,
  } as unknown as CliIo;
  return { exitCode: await runCli(line.split(" "), io), ...said };
}
