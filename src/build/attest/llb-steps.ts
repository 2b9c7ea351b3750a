import { redactUrls } from "../../errors/index.ts";
import type { Definition, FileAction, Mount, Op, Vertex } from "../../llb/index.ts";
import type { HideSecrets } from "./hide-secrets.ts";
import { sourceUrl } from "./request-parameters.ts";

/** `llbDefinition` of BuildKit's build type: the operations in the words of its protocol, inputs first.
 * @see https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md */
export function llbSteps(definition: Definition, hide: HideSecrets): readonly object[] {
  const vertices = [...definition.vertices.values()];
  const idOf = new Map(vertices.map(({ digest }, index) => [digest, `step${index}`]));
  return vertices.map((vertex) => ({
    id: idOf.get(vertex.digest),
    op: { Op: toOp(vertex.op, hide), ...platformOf(vertex.op), constraints: {} },
    ...(vertex.inputs.length > 0 && { inputs: vertex.inputs.map((input) => `${idOf.get(input)}:0`) }),
  }));
}

/** Where in the Dockerfile each step comes from. */
export function stepLocations(definition: Definition): Readonly<Record<string, object>> {
  const entries = [...definition.vertices.values()].map(({ metadata }: Vertex, index) => {
    const range = metadata.location?.range;
    const ranges = range && [{ start: { line: range.startLine }, end: { line: range.endLine } }];
    return [`step${index}`, ranges ? { locations: [{ ranges }] } : {}] as const;
  });
  return Object.fromEntries(entries);
}

function platformOf(op: Op): object {
  if (!("platform" in op) || !op.platform) return {};
  const { os, architecture, variant } = op.platform;
  return { platform: { Architecture: architecture, OS: os, ...(variant && { Variant: variant }) } };
}

function toOp(op: Op, hide: HideSecrets): object {
  switch (op.kind) {
    case "source":
      return { source: { identifier: identifierOf(op), ...(op.attrs && { attrs: redacted(op.attrs) }) } };
    case "exec": {
      const { args, env, cwd, user } = op;
      const meta = { args, env, cwd, ...(user !== "" && { user }) };
      const network = { default: 0, host: 1, none: 2 }[op.network];
      return { exec: { meta, mounts: op.mounts.map(toMount), ...(network !== 0 && { network }) } };
    }
    case "file":
      return { file: { actions: op.actions.map((action) => ({ Action: toAction(action, hide) })) } };
    case "merge":
      return { merge: {} };
  }
}

/** Of a source with a place on this machine, only its name. */
function identifierOf(op: Extract<Op, { kind: "source" }>): string {
  const layout = /^(oci-layout:\/\/)(?:[^:@]*\/)?(.*)$/s.exec(op.identifier);
  return layout
    ? layout[1]! + layout[2]!
    : op.identifier.startsWith("git://")
      ? op.identifier
      : sourceUrl(op);
}

function redacted(attrs: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(attrs).map(([key, value]) => [key, redactUrls(value)]));
}

function toMount(mount: Mount): object {
  const { type, dest } = mount;
  switch (type) {
    case "bind":
      return { dest, input: mount.input, ...selectorOf(mount), ...(mount.readonly && { readonly: true }) };
    case "cache":
      return { dest, input: mount.input, ...selectorOf(mount), mountType: 3, cacheOpt: { ID: mount.id } };
    case "tmpfs":
      return { dest, input: -1, mountType: 4 };
    case "secret":
      return { dest, input: -1, mountType: 1, secretOpt: { ID: mount.id, optional: !mount.required } };
    case "ssh":
      return { dest, input: -1, mountType: 2, SSHOpt: { ID: mount.id, optional: !mount.required } };
  }
}

function selectorOf({ selector }: { readonly selector?: string }): { selector?: string } {
  return selector === undefined ? {} : { selector };
}

function toAction(action: FileAction, hide: HideSecrets): object {
  switch (action.kind) {
    case "copy":
      return { copy: { src: action.source, dest: action.dest } };
    case "mkfile":
      return { mkfile: { path: action.path, mode: action.mode, data: toBase64(hide(action.data)) } };
    case "mkdir":
      return { mkdir: { path: action.path, mode: action.mode } };
  }
}

function toBase64(text: string): string {
  return Buffer.from(text).toString("base64");
}
