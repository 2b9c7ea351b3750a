import { accessSync, constants } from "node:fs";
import path from "node:path";
import { clusterNodes } from "./cluster-nodes.ts";
import type { ContainerEngine } from "./container-engine.ts";
import { containerdEngine } from "./containerd-engine.ts";
import { DockerApi } from "./docker-api.ts";
import { DockerEngine } from "./docker-engine.ts";
import { findDockerHost } from "./docker-host.ts";
import { LoadError } from "./load-error.ts";
import { minikubeEngine } from "./minikube-engine.ts";
import { PodmanEngine } from "./podman-engine.ts";
import type { EngineProcess } from "./run-engine.ts";

export const engineNames = ["docker", "podman", "containerd", "kind", "k3d", "minikube"] as const;
export type EngineName = (typeof engineNames)[number];

/** Which engine; undefined = the first of docker, podman and containerd that is found. */
export interface EngineChoice {
  readonly engine?: EngineName;
  /** Of a cluster, or containerd's namespace. */
  readonly scope?: string;
}

export interface OpenEngineOptions extends EngineProcess {
  /** Names a temporary file. */
  readonly newPath: () => string;
}

/** The engine that images go to; nothing of it is asked yet.
 * @throws {LoadError} `NO_ENGINE` | `ENGINE_UNREACHABLE` */
export function openEngine({ engine, scope }: EngineChoice, options: OpenEngineOptions): ContainerEngine {
  const { env, signal } = options;
  switch (engine ?? firstFound(env)) {
    case "docker": {
      const host = findDockerHost(env);
      if (!host)
        throw new LoadError("ENGINE_UNREACHABLE", "Cannot load into docker: no socket of it is found");
      return new DockerEngine(new DockerApi(host, signal));
    }
    case "podman":
      return new PodmanEngine(options);
    case "containerd": {
      const namespace = scope ?? env["CONTAINERD_NAMESPACE"] ?? "k8s.io";
      const title = `containerd (namespace ${namespace})`;
      return containerdEngine(title, () => Promise.resolve([[]]), { ...options, namespace });
    }
    case "kind": {
      const cluster = scope ?? env["KIND_CLUSTER_NAME"] ?? "kind";
      const list = ["kind", "get", "nodes", "--name", cluster];
      const nodes = () => clusterNodes(list, (text) => text.split(/\s+/).filter(Boolean), options);
      return containerdEngine(`kind (${cluster})`, nodes, { ...options, namespace: "k8s.io" });
    }
    case "k3d": {
      const cluster = scope ?? "k3s-default";
      const list = ["k3d", "node", "list", "--no-headers"];
      const nodes = () => clusterNodes(list, (text) => k3dNodes(text, cluster), options);
      return containerdEngine(`k3d (${cluster})`, nodes, { ...options, namespace: "k8s.io" });
    }
    case "minikube":
      return minikubeEngine(scope, options);
    case undefined:
      throw new LoadError("NO_ENGINE", "Cannot load the image: no docker, podman or containerd is found", {
        hint: `name one with --load=${engineNames.join("|")}`,
      });
  }
}

/** Their runtimes collect content without an image, and no pod could ask for it. */
const namedOnly: ReadonlySet<EngineName> = new Set(["containerd", "kind", "k3d", "minikube"]);

/** Would the engine keep anything of an image with these names?
 * @throws {LoadError} `NAME_MISSING` */
export function checkNames({ engine }: EngineChoice, names: readonly string[], env: NodeJS.ProcessEnv): void {
  const chosen = engine ?? firstFound(env);
  if (names.length > 0 || chosen === undefined || !namedOnly.has(chosen)) return;
  throw new LoadError("NAME_MISSING", `Cannot load into ${chosen}: the image has no name`, {
    hint: "name it with -t NAME",
  });
}

/** Lines of name, role, cluster and state; load balancers have no containerd. */
function k3dNodes(text: string, cluster: string): readonly string[] {
  return text.split("\n").flatMap((line) => {
    const [name, role, itsCluster] = line.trim().split(/\s+/);
    return name && itsCluster === cluster && (role === "server" || role === "agent") ? name : [];
  });
}

function firstFound(env: NodeJS.ProcessEnv): EngineName | undefined {
  if (findDockerHost(env)) return "docker";
  if (isInstalled("podman", env)) return "podman";
  return isInstalled("ctr", env) ? "containerd" : undefined;
}

function isInstalled(program: string, env: NodeJS.ProcessEnv): boolean {
  return (env["PATH"] ?? "").split(":").some((directory) => {
    try {
      accessSync(path.join(directory || ".", program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
