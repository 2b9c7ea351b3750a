import { hash } from "node:crypto";
import type { KeyParts } from "../../content/index.ts";
import type { CopyAction, ExecOp, FileAction, FileOp, Mount, Vertex } from "../../llb/index.ts";
import { canonicalJson } from "../../util/index.ts";

/** What an input contributes: the identity of its stack, or a content digest of what is used of it. */
export type InputKey = string;

/** Parts of a RUN. Left out: names of cache mounts (their content is no input), proxies, secrets' and agents' values.
 * @param inputKeys one per input of the vertex */
export function execKeyParts(op: ExecOp, inputKeys: readonly InputKey[]): KeyParts {
  const parts: Record<string, string> = {
    command: canonicalJson(op.args),
    cwd: op.cwd,
    user: op.user,
    network: op.network,
    security: op.security,
    settings: canonicalJson({
      devices: op.devices,
      hostname: op.hostname,
      extraHosts: op.extraHosts?.map(({ host }) => host),
      ulimits: op.ulimits,
      shmSizeBytes: op.shmSizeBytes,
      secretEnv: op.secretEnv,
      platform: op.platform,
    }),
  };
  for (const entry of op.env) {
    const equals = entry.indexOf("=");
    parts[`env ${entry.slice(0, equals)}`] = entry.slice(equals + 1);
  }
  for (const mount of op.mounts) {
    const input = "input" in mount && mount.input >= 0 ? inputKeys[mount.input] : undefined;
    if (mount.dest === "/") parts["base"] = input ?? "scratch";
    else parts[`mount ${mount.dest}`] = canonicalJson({ ...mountIdentity(mount), input });
  }
  return parts;
}

function mountIdentity(mount: Mount): Partial<Mount> {
  if (mount.type !== "cache") return mount;
  const { id: _id, sharing: _sharing, ...rest } = mount;
  return rest;
}

/** Parts of COPY, ADD and WORKDIR.
 * @param sourceKeys one per action: what it reads; undefined for actions that read nothing */
export function fileKeyParts(
  op: FileOp,
  baseKey: InputKey,
  sourceKeys: readonly (InputKey | undefined)[],
): KeyParts {
  const parts: Record<string, string> = { base: baseKey };
  for (const [index, action] of op.actions.entries()) {
    parts[`action ${index}`] = canonicalJson(actionIdentity(action));
    const source = sourceKeys[index];
    if (source !== undefined) parts[`source ${index}`] = source;
  }
  return parts;
}

/** An action without the number of its input, which says nothing of the result. */
function actionIdentity(action: FileAction): Omit<CopyAction, "from"> | FileAction {
  if (action.kind !== "copy") return action;
  const { from: _from, ...rest } = action;
  return rest;
}

/** Names a step between builds, so that it can be compared with its own last run: first by its text, then, for an instruction
 * that was edited, by where it stands. */
export function stepSlots(project: string, vertex: Vertex): readonly [byText: string, byPosition: string] {
  const { description } = vertex.metadata;
  const [, stage = "", position = "", text = description] =
    /^\[(.*?) ?(\d+)\/\d+\] (.*)$/s.exec(description) ?? [];
  return [slot({ project, stage, text }), slot({ project, stage, position })];
}

function slot(parts: Readonly<Record<string, string>>): string {
  return hash("sha256", canonicalJson({ slot: parts }));
}
