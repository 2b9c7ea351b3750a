import path from "node:path";
import { canExecute, DEFAULT_PATH, elfArchitecture, emulatorFor } from "../executor/index.ts";
import { formatPlatform, hostPlatform, type Platform } from "../oci/index.ts";
import type { Environment } from "./environment.ts";
import type { RunRequest } from "./protocol.ts";
import { readHead } from "./step-files.ts";
import type { StepMount } from "./step-mounts.ts";
import { WorkerError } from "./worker-error.ts";

type Emulation = Pick<Environment, "emulators" | "memoryDir">;
type Command = Pick<RunRequest, "args" | "env" | "cwd" | "platform">;

/** Finds out whether a command for another processor can be run, and what of the host it needs for that: the emulator's program,
 * where the kernel looks for it inside the root. An image may hold other programs than it says: the command itself is looked at.
 * @param look returns the host path of the step's root; called when the command must be looked at
 * @throws {WorkerError} `EMULATOR_MISSING` */
export function prepareEmulation(
  environment: Emulation,
  look: () => string,
  command: Command,
): readonly StepMount[] {
  const { platform } = command;
  if (!platform || platform.architecture === hostPlatform().architecture) return [];
  const emulator = emulatorFor(platform, environment.emulators);
  if (emulator) return emulator.isHeld ? [] : [emulatorMount(emulator.interpreter)];
  const architecture = commandArchitecture(look(), command);
  if (architecture === undefined || architecture === hostPlatform().architecture) return [];
  if (canExecute(architecture, environment.memoryDir)) return [];
  throw emulatorMissing(command.args[0] ?? "", platform);
}

function emulatorMount(interpreter: string): StepMount {
  return {
    point: { dest: interpreter, kind: "file" },
    mount: { type: "bind", source: interpreter, options: ["bind", "ro", "nosuid", "nodev"] },
  };
}

/** The processor that a command is for, or the interpreter of a script; undefined when that cannot be told. */
function commandArchitecture(root: string, command: Command): string | undefined {
  const head = readProgram(root, command);
  if (head?.toString("latin1", 0, 2) !== "#!") return head && elfArchitecture(head);
  const interpreter = /^#![ \t]*([^ \t\n]+)/.exec(head.toString("latin1"))?.[1] ?? "";
  const program = readHead(root, interpreter, headBytes);
  return program && elfArchitecture(program);
}

/** What the kernel reads of a program to tell how to run it. */
const headBytes = 256;

function readProgram(root: string, { args: [name = ""], env, cwd }: Command): Buffer | undefined {
  if (name.includes("/")) return readHead(root, path.posix.resolve(cwd, name), headBytes);
  const search =
    env.findLast((variable) => variable.startsWith("PATH="))?.slice("PATH=".length) ?? DEFAULT_PATH;
  for (const directory of search.split(":")) {
    const head = readHead(root, path.posix.resolve(cwd, directory, name), headBytes);
    if (head) return head;
  }
  return undefined;
}

function emulatorMissing(program: string, platform: Platform): WorkerError {
  const [wanted, host] = [platform, hostPlatform()].map(formatPlatform);
  return new WorkerError(
    "EMULATOR_MISSING",
    `Cannot run ${JSON.stringify(program)} for ${wanted}: this machine is ${host}, and no emulator is registered with binfmt_misc`,
    { hint: emulatorHint(platform.architecture) },
  );
}

/** What to do so that programs of `architecture` can be run. */
function emulatorHint(architecture: string): string {
  return [
    `install an emulator: "apt-get install qemu-user-static" (Debian, Ubuntu), "dnf install qemu-user-static" (Fedora), or "docker run --privileged --rm tonistiigi/binfmt --install ${architecture}"`,
    "or need none: compile in a stage FROM --platform=$BUILDPLATFORM for $TARGETARCH, and COPY --from it",
  ].join("\n");
}
