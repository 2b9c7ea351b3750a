import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { randomBytes } from "node:crypto";
import { homedir } from "node:os";
import path from "node:path";
import { isErrno } from "../util/index.ts";
import { RegistryError } from "./registry-error.ts";

/** Docker's `config.json`, as far as credentials go. */
export interface DockerConfig {
  readonly auths: Readonly<Record<string, unknown>>;
  readonly credHelpers: Readonly<Record<string, unknown>>;
  readonly credsStore: string | undefined;
}

/** What docker keeps Docker Hub's credentials under. */
const dockerHubKey = "https://index.docker.io/v1/";
const dockerHubHosts = new Set(["docker.io", "index.docker.io", "registry-1.docker.io"]);

export function isDockerHub(host: string): boolean {
  return dockerHubHosts.has(host);
}

/** The key of a host's credentials, in the file and with a helper. */
export function credentialKey(host: string): string {
  return isDockerHub(host) ? dockerHubKey : host;
}

/** `$DOCKER_CONFIG/config.json`, or `~/.docker/config.json`. */
export function dockerConfigPath(env: NodeJS.ProcessEnv): string {
  return path.join(env["DOCKER_CONFIG"] || path.join(env["HOME"] || homedir(), ".docker"), "config.json");
}

/** The helper that has, or is to have, a host's credentials; undefined for the file itself. */
export function helperOf(config: DockerConfig, host: string): string | undefined {
  return (
    stringOf(config.credHelpers[isDockerHub(host) ? "docker.io" : host]) ??
    stringOf(config.credHelpers[credentialKey(host)]) ??
    config.credsStore
  );
}

/** A file that is not there, or may not be read, is empty.
 * @throws {RegistryError} `UNAUTHORIZED` when it is not as docker writes it */
export function readDockerConfig(file: string): DockerConfig {
  const document = readDocument(file, ["ENOENT", "ENOTDIR", "EACCES"]);
  return {
    auths: isRecord(document["auths"]) ? document["auths"] : {},
    credHelpers: isRecord(document["credHelpers"]) ? document["credHelpers"] : {},
    credsStore: stringOf(document["credsStore"]),
  };
}

/** Changes the file's `auths`; all else stays. The new file appears whole, for its owner only; a symbolic link is written through.
 * @throws {RegistryError} `UNAUTHORIZED` when the file is not as docker writes it; what the file system says */
export function changeAuths(
  file: string,
  change: (auths: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>,
): void {
  const document = readDocument(file, ["ENOENT"]);
  const auths = change(isRecord(document["auths"]) ? document["auths"] : {});
  replace(file, `${JSON.stringify({ ...document, auths }, undefined, "\t")}\n`);
}

function readDocument(file: string, absent: readonly string[]): Readonly<Record<string, unknown>> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (isErrno(error, ...absent)) return {};
    throw error;
  }
  const parsed = text.trim() === "" ? {} : tryParse(text);
  if (isRecord(parsed)) return parsed;
  throw new RegistryError("UNAUTHORIZED", `Cannot read credentials from ${file}: it is not a JSON object`, {
    hint: "repair or remove the file, then log in again with slipway login",
  });
}

/** The parser's message would quote the file, which holds secrets. */
function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function replace(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const target = resolveLink(file);
  const temporary = path.join(
    path.dirname(target),
    `.${path.basename(target)}.${randomBytes(6).toString("hex")}`,
  );
  try {
    const fd = openSync(temporary, "wx", 0o600);
    try {
      writeFileSync(fd, text);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function resolveLink(file: string): string {
  try {
    return realpathSync(file);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return file;
    throw error;
  }
}

export function stringOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
