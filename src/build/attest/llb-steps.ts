import { redactUrls } from "../../errors/index.ts";
import type {
  Definition,
  FileAction,
  FileOp,
  Mount,
  Op,
  Owner,
  Vertex,
  VertexDigest,
} from "../../llb/index.ts";
import type { HideSecrets } from "./hide-secrets.ts";
import { sourceUrl } from "./request-parameters.ts";

/** How a definition's steps are called in provenance, by digest. */
export function stepIds({ vertices }: Definition): ReadonlyMap<VertexDigest, string> {
  return new Map([...vertices.keys()].map((digest, index) => [digest, `step${index}`]));
}

/** `llbDefinition` of BuildKit's build type: the operations in the words of its protocol, inputs first, and at the end one that does nothing
 * and has the result as its input.
 * @see https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md */
export function llbSteps(definition: Definition, hide: HideSecrets): readonly object[] {
  const idOf = stepIds(definition);
  const output = (digest: VertexDigest) => `${idOf.get(digest)}:0`;
  const steps = [...definition.vertices.values()].map(({ digest, op, inputs }) => ({
    id: idOf.get(digest),
    op: { Op: toOp(op, inputs.length, hide), ...platformOf(op), constraints: {} },
    ...(inputs.length > 0 && { inputs: inputs.map(output) }),
  }));
  const { root } = definition;
  return root === undefined
    ? steps
    : [...steps, { id: `step${steps.length}`, op: { Op: {} }, inputs: [output(root)] }];
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

function toOp(op: Op, inputCount: number, hide: HideSecrets): object {
  switch (op.kind) {
    case "source":
      return { source: { identifier: identifierOf(op), ...(op.attrs && { attrs: redacted(op.attrs) }) } };
    case "exec": {
      const { args, env, cwd, user } = op;
      const meta = { args, env, cwd, ...(user !== "" && { user }) };
      const network = { default: 0, host: 1, none: 2 }[op.network];
      const security = op.security === "insecure" ? 1 : 0;
      return {
        exec: {
          meta,
          mounts: op.mounts.map(toMount),
          ...(network !== 0 && { network }),
          ...(security !== 0 && { security }),
        },
      };
    }
    case "file":
      return { file: { actions: toActions(op, inputCount, hide) } };
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

/** An action's input is the one before it: they are numbered after the inputs of the vertex. */
function toActions({ actions, base }: FileOp, inputCount: number, hide: HideSecrets): readonly object[] {
  return actions.map((action, index) => ({
    input: index === 0 ? base : inputCount + index - 1,
    secondaryInput: action.kind === "copy" ? action.from : -1,
    output: index === actions.length - 1 ? 0 : -1,
    Action: toAction(action, hide),
  }));
}

function toAction(action: FileAction, hide: HideSecrets): object {
  switch (action.kind) {
    case "copy":
      return {
        copy: {
          src: action.source,
          dest: action.dest,
          ...ownerOf(action),
          ...(action.mode !== undefined && modeOf(action.mode)),
          ...(action.attemptUnpack && { attemptUnpackDockerCompatibility: true }),
          ...(action.excludePatterns && { exclude_patterns: action.excludePatterns }),
        },
      };
    case "mkfile":
      return {
        mkfile: {
          path: action.path,
          mode: action.mode,
          data: toBase64(hide(action.data)),
          ...ownerOf(action),
        },
      };
    case "mkdir":
      return {
        mkdir: {
          path: action.path,
          mode: action.mode,
          ...(action.makeParents && { makeParents: true }),
          ...ownerOf(action),
        },
      };
  }
}

function ownerOf({ owner }: { readonly owner?: Owner }): object {
  if (!owner) return {};
  const { user, group } = owner;
  const member = (value: number | string) => ({
    User: typeof value === "number" ? { byId: value } : { byName: { name: value } },
  });
  return {
    owner: {
      ...(user !== undefined && { user: member(user) }),
      ...(group !== undefined && { group: member(group) }),
    },
  };
}

function modeOf(mode: string): object {
  return /^[0-7]+$/.test(mode) ? { mode: Number.parseInt(mode, 8) } : { modeStr: mode };
}

function toBase64(text: string): string {
  return Buffer.from(text).toString("base64");
}
