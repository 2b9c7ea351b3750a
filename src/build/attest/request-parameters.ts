import path from "node:path";
import { redactUrls } from "../../errors/index.ts";
import { type SourceOp, toGitSource } from "../../llb/index.ts";
import { layoutScheme, parseLayoutReference } from "../layout-reference.ts";
import type { NamedContextSpec } from "../named-context.ts";
import type { BuildOptions } from "../options.ts";

/** Where the Dockerfile comes from; nothing is said of a directory of this machine. */
interface ConfigSource {
  readonly uri?: string;
  readonly digest?: Readonly<Record<string, string>>;
}

/** What the caller asked for, in the words of BuildKit's frontend. No path of this machine is in it; build arguments, labels and the names
 * of secrets only with mode `max`. */
export function externalParameters(
  options: BuildOptions,
  mode: "min" | "max",
): { readonly configSource: ConfigSource; readonly request: object } {
  const { remoteContext, secrets = [], ssh = [] } = options;
  const source = remoteContext?.kind === "fetched" ? fetchedSource(remoteContext.context.op) : {};
  const lent = (list: readonly { readonly id: string }[]) => list.map(({ id }) => ({ id, optional: true }));
  return {
    configSource: source,
    request: {
      frontend: "dockerfile.v0",
      args: requestArgs(options, mode),
      ...(mode === "max" && secrets.length > 0 && { secrets: lent(secrets) }),
      ...(mode === "max" && ssh.length > 0 && { ssh: lent(ssh) }),
      ...(options.contextDir !== undefined && { locals: [{ name: "context" }, { name: "dockerfile" }] }),
    },
  };
}

function requestArgs(options: BuildOptions, mode: "min" | "max"): Readonly<Record<string, string>> {
  const { target, noCache, noCacheFilter = [], network = "default", extraHosts = [] } = options;
  const named = [...(options.namedContexts ?? [])].map(([name, context]) => {
    return [`context:${name}`, contextValue(name, context)] as const;
  });
  const prefixed = (prefix: string, map: Readonly<Record<string, string>>) =>
    Object.entries(map).map(([name, value]) => [`${prefix}:${name}`, value] as const);
  const entries = [
    ...(target === undefined ? [] : [["target", target] as const]),
    ...(noCache ? [["no-cache", ""] as const] : []),
    ...(noCacheFilter.length > 0 ? [["no-cache", noCacheFilter.join(",")] as const] : []),
    ...(network === "default" ? [] : [["force-network-mode", network] as const]),
    ...(extraHosts.length > 0
      ? [["add-hosts", extraHosts.map(({ host, ip }) => `${host}=${ip}`).join(",")] as const]
      : []),
    ...named,
    ...(mode === "max"
      ? [...prefixed("build-arg", options.buildArgs), ...prefixed("label", options.labels)]
      : []),
  ];
  return Object.fromEntries([...entries].sort(([one], [other]) => (one < other ? -1 : 1)));
}

function contextValue(name: string, context: NamedContextSpec): string {
  switch (context.kind) {
    case "local":
      return `local:${name}`;
    case "stage":
      return `target:${context.stage}`;
    case "fetched":
      return sourceUrl(context.context.op);
    case "image":
      return imageContext(context.reference);
  }
}

function imageContext(reference: string): string {
  const layout = parseLayoutReference(reference);
  if (!layout) return `docker-image://${reference}`;
  return `${layoutScheme}${path.basename(layout.directory)}:${layout.tag}`;
}

function fetchedSource(op: SourceOp): ConfigSource {
  if (op.identifier.startsWith("local://")) return {};
  const uri = sourceUrl(op);
  const { "http.checksum": checksum, "git.checksum": commit } = op.attrs ?? {};
  if (commit !== undefined) return { uri, digest: { sha1: commit } };
  return { uri, ...(checksum !== undefined && { digest: digestSet(checksum) }) };
}

/** The URL of a source of the network, without what lets one in. */
export function sourceUrl(op: SourceOp): string {
  const git = toGitSource(op);
  if (!git) return redactUrls(op.identifier);
  const fragment = git.subdir === undefined ? (git.ref ?? "") : `${git.ref ?? ""}:${git.subdir}`;
  return redactUrls(git.remote) + (fragment && `#${fragment}`);
}

/** `sha256:…` as in-toto writes it. */
export function digestSet(digest: string): Readonly<Record<string, string>> {
  const at = digest.indexOf(":");
  return { [digest.slice(0, at)]: digest.slice(at + 1) };
}
