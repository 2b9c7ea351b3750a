import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import type { RequestOptions } from "node:http";
import { homedir } from "node:os";
import path from "node:path";
import { LoadError } from "./load-error.ts";

/** Where a docker daemon listens. */
export interface DockerHost {
  readonly title: string;
  readonly isTls: boolean;
  readonly connection: RequestOptions & { ca?: Buffer; cert?: Buffer; key?: Buffer };
}

type Env = NodeJS.ProcessEnv;

/** As docker's command finds it: `DOCKER_HOST`, `DOCKER_CONTEXT`, the current context, the usual sockets.
 * @returns undefined when nothing names one and no socket is there
 * @throws {LoadError} `ENGINE_UNREACHABLE` for a host that cannot be spoken to from here */
export function findDockerHost(env: Env): DockerHost | undefined {
  const named = env["DOCKER_HOST"] || contextHost(env);
  if (named) return parseHost(named, env);
  const runtimeDir = env["XDG_RUNTIME_DIR"];
  const sockets = ["/var/run/docker.sock", ...(runtimeDir ? [path.join(runtimeDir, "docker.sock")] : [])];
  const found = sockets.find((socket) => existsSync(socket));
  return found === undefined ? undefined : parseHost(`unix://${found}`, env);
}

/** Where docker is when its host names no port. */
const ports = { plain: 2375, tls: 2376 };

function parseHost(host: string, env: Env): DockerHost {
  if (host.startsWith("unix://")) {
    const connection = { socketPath: host.slice("unix://".length) };
    return { title: host, isTls: false, connection };
  }
  const match = /^(?:tcp|http|https):\/\/(\[[0-9a-f:]+\]|[^:/]+)(?::(\d+))?\/?$/i.exec(host);
  const isTls = host.startsWith("https:") || Boolean(env["DOCKER_TLS_VERIFY"]);
  const port = Number(match?.[2] ?? (isTls ? ports.tls : ports.plain));
  if (!match || port > 65_535) {
    throw new LoadError(
      "ENGINE_UNREACHABLE",
      `Cannot reach docker at "${host}": expected unix:// or tcp://`,
      {
        hint: "a socket can be forwarded: ssh -L /tmp/docker.sock:/var/run/docker.sock HOST",
      },
    );
  }
  const connection = { host: match[1]!.replace(/^\[|\]$/g, ""), port };
  return { title: host, isTls, connection: { ...connection, ...(isTls && certificates(env)) } };
}

function certificates(env: Env): Pick<DockerHost["connection"], "ca" | "cert" | "key"> {
  const directory = env["DOCKER_CERT_PATH"] || configDir(env);
  const read = (name: string) => readFileSync(path.join(directory, name));
  return { ca: read("ca.pem"), cert: read("cert.pem"), key: read("key.pem") };
}

/** `~/.docker/contexts/meta/<sha256 of name>/meta.json`. */
function contextHost(env: Env): string | undefined {
  const config = readJson(path.join(configDir(env), "config.json")) as { currentContext?: unknown };
  const name = env["DOCKER_CONTEXT"] || config?.currentContext;
  if (typeof name !== "string" || name === "" || name === "default") return undefined;
  const id = createHash("sha256").update(name).digest("hex");
  const meta = readJson(path.join(configDir(env), "contexts/meta", id, "meta.json")) as
    | { Endpoints?: { docker?: { Host?: unknown } } }
    | undefined;
  const host = meta?.Endpoints?.docker?.Host;
  return typeof host === "string" && host !== "" ? host : undefined;
}

function configDir(env: Env): string {
  return env["DOCKER_CONFIG"] || path.join(env["HOME"] || homedir(), ".docker");
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as unknown;
  } catch {
    return undefined; // absent or unreadable: then it names nothing
  }
}
