import type { Definition, FileAction, Mount, Op, Vertex } from "../../llb/index.ts";
import type { Platform } from "../../oci/index.ts";
import { parseDockerfile } from "../instructions/index.ts";
import { type NamedContexts, resolveStages } from "../stages/index.ts";
import { convertTarget } from "./convert-target.ts";
import { FakeImages } from "./fake-images.ts";
import type { ConvertOptions, ConvertResult, ImageConfigResolver } from "./options.ts";

export interface ConvertSettings extends ConvertOptions {
  readonly target?: string;
  readonly buildArgs?: Readonly<Record<string, string>>;
  readonly namedContexts?: NamedContexts;
  readonly resolver?: ImageConfigResolver;
  readonly platform?: Platform;
}

const amd64: Platform = { os: "linux", architecture: "amd64" };

/** From text to graph and config, on linux/amd64 and for it unless told otherwise, with the fake images. */
export async function convert(text: string, settings: ConvertSettings = {}): Promise<ConvertResult> {
  const { target, buildArgs, namedContexts, platform = amd64 } = settings;
  const options = { target, buildArgs, namedContexts, platform, buildPlatform: amd64 };
  const graph = resolveStages(parseDockerfile(text), options);
  return convertTarget(graph, settings, settings.resolver ?? new FakeImages());
}

/** One line for each vertex: number, operation and inputs by number. */
export function printGraph(definition: Definition): string[] {
  const vertices = [...definition.vertices.values()];
  const numbers = new Map(vertices.map(({ digest }, index) => [digest, index]));
  return vertices.map((vertex, index) => {
    const inputs = vertex.inputs.map((digest) => `#${numbers.get(digest)}`);
    return `#${index} ${printOp(vertex.op, inputs)}`;
  });
}

type TreeName = (input: number) => string | undefined;

function printOp(op: Op, inputs: readonly string[]): string {
  const tree: TreeName = (input) => (input < 0 ? "scratch" : inputs[input]);
  if (op.kind === "source") {
    return [op.identifier.replace(/@sha256:\w+/, ""), ...(op.excludePatterns ?? [])].join(" ");
  }
  if (op.kind === "file") {
    return `file on ${tree(op.base)}: ${op.actions.map((action) => printAction(action, tree)).join("; ")}`;
  }
  if (op.kind === "merge") return `merge ${inputs.join(" ")}`;
  const [root, ...mounts] = op.mounts;
  const shown = mounts.map((mount) => ` ${printMount(mount, tree)}`).join("");
  const rootTree = root?.type === "bind" ? tree(root.input) : "no root";
  return `exec on ${rootTree} in ${op.cwd}: ${op.args.join(" ")}${shown}`;
}

function printAction(action: FileAction, tree: TreeName): string {
  if (action.kind !== "copy") {
    const { kind, ...rest } = action;
    return `${kind} ${JSON.stringify(rest)}`;
  }
  const { kind: _, from, source, dest, ...rest } = action;
  const flags = Object.entries(rest).filter(([, value]) => value !== false);
  const shown = flags.map(([key, value]) => (value === true ? key : `${key}=${JSON.stringify(value)}`));
  return `copy ${tree(from)}:${source} ${dest} (${shown.join(" ")})`;
}

function printMount(mount: Mount, tree: TreeName): string {
  const { type, dest, ...rest } = mount;
  const shown = Object.entries(rest).map(
    ([key, value]) => `${key}=${key === "input" ? tree(value as number) : value}`,
  );
  return `${type}:${dest}(${shown.join(",")})`;
}

/** The only vertex of a kind. */
export function onlyOp<K extends Op["kind"]>(definition: Definition, kind: K): Op & { kind: K } {
  const found = [...definition.vertices.values()].filter((vertex: Vertex) => vertex.op.kind === kind);
  if (found.length !== 1) throw new Error(`expected one ${kind}, got ${found.length}`);
  return found[0]!.op as Op & { kind: K };
}
