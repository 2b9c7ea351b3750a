import { didYouMean } from "../../errors/index.ts";
import type { DockerfileError } from "../dockerfile-error.ts";
import { quoteGo, trimSpace } from "../go-text.ts";
import { instructionNames } from "../parser/parse-arguments.ts";
import type { SyntaxNode } from "../parser/syntax-tree.ts";
import { parseAdd, parseCopy } from "./copy-instructions.ts";
import { parseDevice } from "./device.ts";
import { parseFlags, toFlags } from "./flags.ts";
import { parseHealthcheck } from "./healthcheck.ts";
import type {
  ArgInstruction,
  CommandLine,
  ExposeInstruction,
  FromInstruction,
  Instruction,
  InstructionBase,
  KeyValue,
  OnbuildInstruction,
  RunInstruction,
  ShellInstruction,
  VolumeInstruction,
} from "./instruction.ts";
import { checkMount } from "./mount.ts";
import { instructionError } from "./instruction-error.ts";

type Parser = (base: InstructionBase, node: SyntaxNode) => Instruction;

const parsers: Readonly<Record<string, Parser>> = {
  add: parseAdd,
  arg: parseArg,
  cmd: (base, node) => ({ ...withoutFlags(base), kind: "cmd", command: commandLine(node) }),
  copy: parseCopy,
  entrypoint: (base, node) => ({ ...withoutFlags(base), kind: "entrypoint", command: commandLine(node) }),
  env: (base, node) => ({ ...withoutFlags(base), kind: "env", ...keyValues("ENV", node) }),
  expose: parseExpose,
  from: parseFrom,
  healthcheck: (base, node) => ({
    ...base,
    kind: "healthcheck",
    healthcheck: parseHealthcheck(node, base.flags),
  }),
  label: (base, node) => ({ ...withoutFlags(base), kind: "label", ...keyValues("LABEL", node) }),
  maintainer: (base, node) => {
    const maintainer = onlyWord("MAINTAINER", node);
    return { ...withoutFlags(base), kind: "maintainer", maintainer };
  },
  onbuild: parseOnbuild,
  run: parseRun,
  shell: parseShell,
  // BuildKit ignores flags here.
  stopsignal: (base, node) => ({ ...base, kind: "stopsignal", signal: onlyWord("STOPSIGNAL", node) }),
  user: (base, node) => {
    const user = onlyWord("USER", node);
    return { ...withoutFlags(base), kind: "user", user };
  },
  volume: parseVolume,
  workdir: (base, node) => {
    const path = onlyWord("WORKDIR", node);
    return { ...withoutFlags(base), kind: "workdir", path };
  },
};

/** Types one instruction and checks its flags and the number of its arguments, in BuildKit's order.
 * @throws {DockerfileError} `DOCKERFILE_INSTRUCTION`, without a location */
export function parseInstruction(node: SyntaxNode): Instruction {
  const name = node.keyword.toLowerCase();
  const parser = Object.hasOwn(parsers, name) ? parsers[name] : undefined;
  if (!parser) {
    const isUpper = node.keyword === node.keyword.toUpperCase();
    const names = isUpper ? instructionNames : instructionNames.map((known) => known.toLowerCase());
    const suggestion = didYouMean(node.keyword, names);
    throw instructionError(`unknown instruction: ${node.keyword}${suggestion}`);
  }
  const { keyword, range, prevComment } = node;
  const base = { keyword, original: trimSpace(node.line), range, flags: toFlags(node.flags), prevComment };
  return parser(base, node);
}

function parseFrom(base: InstructionBase, node: SyntaxNode): FromInstruction {
  const [image, asKeyword, name] = texts(node);
  const isNamed = node.words.length === 3 && asKeyword?.toLowerCase() === "as";
  if (image === undefined || (node.words.length !== 1 && !isNamed))
    throw instructionError("FROM requires either one or three arguments");
  const stage = isNamed && name !== undefined ? { ...stageName(name), asKeyword } : {};
  const { platform } = parseFlags(base.flags, { platform: "string" });
  return { ...base, kind: "from", image, ...stage, ...(platform !== undefined && { platform }) };
}

function stageName(written: string): { stageName: string; stageNameAsWritten: string } {
  const name = written.toLowerCase();
  if (!/^[a-z][a-z0-9\-_.]*$/.test(name)) {
    const reason = "name can't start with a number or contain symbols";
    throw instructionError(`invalid name for build stage: ${quoteGo(written)}, ${reason}`);
  }
  return { stageName: name, stageNameAsWritten: written };
}

function parseRun(base: InstructionBase, node: SyntaxNode): RunInstruction {
  const flags = parseFlags(base.flags, {
    mount: "strings",
    network: "string",
    security: "string",
    device: "strings",
  });
  const { network = "default", security = "sandbox" } = flags;
  flags.mount?.forEach(checkMount);
  if (network !== "default" && network !== "none" && network !== "host")
    throw instructionError(`invalid network mode ${quoteGo(network)}`);
  if (security !== "sandbox" && security !== "insecure")
    throw instructionError(`security ${quoteGo(security)} is not valid`);
  const [mounts, devices] = [flags.mount ?? [], (flags.device ?? []).map(parseDevice)];
  const { heredocs } = node;
  return { ...base, kind: "run", command: commandLine(node), heredocs, mounts, network, security, devices };
}

function commandLine(node: SyntaxNode): CommandLine {
  if (node.form === "json") return { form: "exec", args: texts(node) };
  return { form: "shell", command: node.words[0]?.text ?? "" };
}

function keyValues(name: string, node: SyntaxNode): { pairs: readonly KeyValue[]; isLegacy: boolean } {
  const isLegacy = node.form === "legacy";
  const words = texts(node);
  if (words.length === 0) throw atLeastOne(name);
  const pairs = isLegacy ? [{ key: words[0]!, value: words[1] ?? "" }] : words.map(splitPair);
  if (pairs.some(({ key }) => key === "")) throw instructionError(`${name} names can not be blank`);
  return { pairs, isLegacy };
}

function splitPair(text: string): KeyValue {
  const index = text.indexOf("=");
  return { key: text.slice(0, index), value: text.slice(index + 1) };
}

/** BuildKit ignores flags here. */
function parseArg(base: InstructionBase, node: SyntaxNode): ArgInstruction {
  if (node.words.length === 0) throw atLeastOne("ARG");
  const args = texts(node).map((text) => (text.includes("=") ? splitPair(text) : { key: text }));
  if (args.some(({ key }) => key === "")) throw instructionError("ARG names can not be blank");
  return { ...base, kind: "arg", args };
}

function parseShell(base: InstructionBase, node: SyntaxNode): ShellInstruction {
  const shell = texts(node);
  const checked = withoutFlags(base);
  if (shell.length === 0) throw atLeastOne("SHELL");
  if (node.form !== "json") throw instructionError("SHELL requires the arguments to be in JSON form");
  return { ...checked, kind: "shell", shell };
}

function parseExpose(base: InstructionBase, node: SyntaxNode): ExposeInstruction {
  const ports = texts(node).toSorted(compareBytes);
  if (ports.length === 0) throw atLeastOne("EXPOSE");
  return { ...withoutFlags(base), kind: "expose", ports };
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function parseVolume(base: InstructionBase, node: SyntaxNode): VolumeInstruction {
  if (node.words.length === 0) throw atLeastOne("VOLUME");
  const checked = withoutFlags(base);
  const volumes = texts(node).map(trimSpace);
  if (volumes.includes("")) throw instructionError("VOLUME specified can not be an empty string");
  return { ...checked, kind: "volume", volumes };
}

function parseOnbuild(base: InstructionBase, node: SyntaxNode): OnbuildInstruction {
  if (!node.trigger) throw atLeastOne("ONBUILD");
  const checked = withoutFlags(base);
  const name = node.trigger.keyword.toUpperCase();
  if (name === "ONBUILD") throw instructionError("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
  if (name === "FROM" || name === "MAINTAINER")
    throw instructionError(`${name} isn't allowed as an ONBUILD trigger`);
  const heredocs = node.heredocs.map((heredoc) => `\n${heredoc.body}${heredoc.name}`);
  return { ...checked, kind: "onbuild", trigger: node.trigger.line + heredocs.join("") };
}

function onlyWord(name: string, node: SyntaxNode): string {
  const [word] = node.words;
  if (!word) throw instructionError(`${name} requires exactly one argument`);
  return word.text;
}

function withoutFlags(base: InstructionBase): InstructionBase {
  parseFlags(base.flags, {});
  return base;
}

function texts(node: SyntaxNode): readonly string[] {
  return node.words.map((word) => word.text);
}

function atLeastOne(name: string): DockerfileError {
  return instructionError(`${name} requires at least one argument`);
}
