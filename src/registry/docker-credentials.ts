import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { isErrno } from "../util/index.ts";
import { getFromHelper } from "./credential-helper.ts";
import type { Credentials, CredentialSource } from "./credentials.ts";
import { RegistryError } from "./registry-error.ts";

export interface DockerCredentialsOptions {
  /** Default: `$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`. Need not exist. */
  readonly file?: string | undefined;
  readonly env?: NodeJS.ProcessEnv;
  readonly note?: (text: string) => void;
}

interface DockerConfig {
  readonly auths: Readonly<Record<string, unknown>>;
  readonly credHelpers: Readonly<Record<string, unknown>>;
  readonly credsStore: string | undefined;
}

/** What docker keeps Docker Hub's credentials under. */
const dockerHubKey = "https://index.docker.io/v1/";
const dockerHubHosts = new Set(["docker.io", "index.docker.io", "registry-1.docker.io"]);

/** Credentials as `docker login` left them: per registry a helper (`credHelpers`), else the store (`credsStore`), else the
 * file itself. The file is read at the first look-up; each host is looked up once.
 * @throws {RegistryError} `UNAUTHORIZED` when the file cannot be read as docker writes it */
export function dockerCredentials(options: DockerCredentialsOptions = {}): CredentialSource {
  const env = options.env ?? process.env;
  const file =
    options.file ??
    path.join(env.DOCKER_CONFIG || path.join(env.HOME || homedir(), ".docker"), "config.json");
  const found = new Map<string, Promise<Credentials | undefined>>();
  let config: DockerConfig | undefined;
  return (host) => {
    config ??= readDockerConfig(file);
    const known = found.get(host);
    if (known) return known;
    const lookUp = findCredentials(config, host, options);
    found.set(host, lookUp);
    return lookUp;
  };
}

async function findCredentials(
  config: DockerConfig,
  host: string,
  options: DockerCredentialsOptions,
): Promise<Credentials | undefined> {
  const key = dockerHubHosts.has(host) ? dockerHubKey : host;
  const helper =
    stringOf(config.credHelpers[dockerHubHosts.has(host) ? "docker.io" : host]) ??
    stringOf(config.credHelpers[key]) ??
    config.credsStore;
  const fromHelper = helper ? await getFromHelper(helper, key, options) : undefined;
  return fromHelper ?? fromAuths(config.auths, host);
}

function fromAuths(auths: DockerConfig["auths"], host: string): Credentials | undefined {
  const isSame = (key: string) =>
    dockerHubHosts.has(host) ? dockerHubHosts.has(hostOfKey(key)) : hostOfKey(key) === host;
  const exact = dockerHubHosts.has(host) ? dockerHubKey : host;
  const key = exact in auths ? exact : Object.keys(auths).find(isSame);
  const entry = key === undefined ? undefined : auths[key];
  return isRecord(entry) ? parseAuthEntry(entry) : undefined;
}

/** Old docker versions wrote `https://host/v1/`. */
function hostOfKey(key: string): string {
  return key.replace(/^https?:\/\//, "").split("/", 1)[0]!;
}

function parseAuthEntry(entry: Readonly<Record<string, unknown>>): Credentials | undefined {
  const identityToken = stringOf(entry.identitytoken);
  if (identityToken) return { kind: "identity-token", token: identityToken };
  const registryToken = stringOf(entry.registrytoken);
  if (registryToken) return { kind: "registry-token", token: registryToken };
  const decoded = Buffer.from(stringOf(entry.auth) ?? "", "base64")
    .toString("utf8")
    .replace(/\0+$/, "");
  const colon = decoded.indexOf(":");
  const username = colon > 0 ? decoded.slice(0, colon) : stringOf(entry.username);
  const password = colon > 0 ? decoded.slice(colon + 1) : stringOf(entry.password);
  return username && password !== undefined ? { kind: "password", username, password } : undefined;
}

function readDockerConfig(file: string): DockerConfig {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR", "EACCES"))
      return { auths: {}, credHelpers: {}, credsStore: undefined };
    throw error;
  }
  return parseDockerConfig(text, file);
}

function parseDockerConfig(text: string, file: string): DockerConfig {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = undefined; // the parser's message would quote the file, which holds secrets
  }
  if (!isRecord(parsed)) {
    throw new RegistryError("UNAUTHORIZED", `Cannot read credentials from ${file}: it is not a JSON object`, {
      hint: "Repair or remove the file, then log in again with slipway login",
    });
  }
  return {
    auths: isRecord(parsed.auths) ? parsed.auths : {},
    credHelpers: isRecord(parsed.credHelpers) ? parsed.credHelpers : {},
    credsStore: stringOf(parsed.credsStore),
  };
}

function stringOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
