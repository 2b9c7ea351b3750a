import {
  addAllowance,
  BuildError,
  type BuildOptions,
  parseHost,
  parseUlimit,
  splitOnce,
  type SshSpec,
} from "../../build/index.ts";
import { parseBinarySize } from "../../util/index.ts";
import { UsageError } from "../usage-error.ts";

/** Values of the options that change what a RUN step sees. */
export interface StepFlags {
  readonly addHost?: readonly string[];
  readonly ulimit?: readonly string[];
  readonly shmSize?: string;
  readonly allow?: readonly string[];
  readonly ssh?: readonly string[];
}

export type StepSettings = Pick<BuildOptions, "extraHosts" | "ulimits" | "shmSizeBytes" | "allow" | "ssh">;

/** @throws {UsageError} with docker's words */
export function parseStepSettings(flags: StepFlags): StepSettings {
  const { addHost = [], ulimit = [], shmSize, allow = [], ssh = [] } = flags;
  return {
    ...(addHost.length > 0 && { extraHosts: addHost.map((text) => parse("--add-host", text, parseHost)) }),
    ...(ulimit.length > 0 && { ulimits: ulimit.map((text) => parse("--ulimit", text, parseUlimit)) }),
    ...(shmSize !== undefined && { shmSizeBytes: parseShmSize(shmSize) }),
    ...(allow.length > 0 && { allow: parseAllowances(allow) }),
    ...(ssh.length > 0 && { ssh: ssh.map(parseSsh) }),
  };
}

function parse<Value>(flag: string, text: string, read: (text: string) => Value): Value {
  try {
    return read(text);
  } catch (error) {
    if (error instanceof BuildError) throw refuse(flag, text, error.message);
    throw error;
  }
}

function parseShmSize(text: string): number {
  const bytes = parseBinarySize(text);
  if (bytes === undefined) throw refuse("--shm-size", text, `invalid size: '${text}'`);
  return bytes;
}

function parseAllowances(words: readonly string[]): NonNullable<BuildOptions["allow"]> {
  return words.reduce<NonNullable<BuildOptions["allow"]>>(
    (allow, word) => parse("--allow", word, (text) => addAllowance(allow, text)),
    {},
  );
}

/** `ID`, or `ID=PATH[,PATH…]`: an agent's socket, or keys. */
function parseSsh(text: string): SshSpec {
  const [id, paths] = splitOnce(text);
  if (id === "") throw refuse("--ssh", text, "the id is missing");
  return { id, paths: paths ? paths.split(",") : [] };
}

function refuse(flag: string, text: string, reason: string): UsageError {
  return new UsageError(`Cannot parse ${flag} "${text}": ${reason}`);
}
