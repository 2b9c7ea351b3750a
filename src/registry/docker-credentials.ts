import { getFromHelper } from "./credential-helper.ts";
import type { Credentials, CredentialSource } from "./credentials.ts";
import {
  credentialKey,
  type DockerConfig,
  dockerConfigPath,
  helperOf,
  isDockerHub,
  isRecord,
  readDockerConfig,
  stringOf,
} from "./docker-config.ts";

export interface DockerCredentialsOptions {
  /** Default: `$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`. Need not exist. */
  readonly file?: string | undefined;
  readonly env?: NodeJS.ProcessEnv;
  readonly note?: (text: string) => void;
}

/** Credentials as `docker login` left them: per registry a helper (`credHelpers`), else the store (`credsStore`), else the
 * file itself. The file is read at the first look-up; each host is looked up once.
 * @throws {RegistryError} `UNAUTHORIZED` when the file cannot be read as docker writes it */
export function dockerCredentials(options: DockerCredentialsOptions = {}): CredentialSource {
  const file = options.file ?? dockerConfigPath(options.env ?? process.env);
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
  const helper = helperOf(config, host);
  const fromHelper = helper ? await getFromHelper(helper, credentialKey(host), options) : undefined;
  return fromHelper ?? fromAuths(config.auths, host);
}

function fromAuths(auths: DockerConfig["auths"], host: string): Credentials | undefined {
  const isSame = (key: string) => (isDockerHub(host) ? isDockerHub(hostOfKey(key)) : hostOfKey(key) === host);
  const exact = credentialKey(host);
  const key = exact in auths ? exact : Object.keys(auths).find(isSame);
  const entry = key === undefined ? undefined : auths[key];
  return isRecord(entry) ? parseAuthEntry(entry) : undefined;
}

/** Old docker versions wrote `https://host/v1/`. */
export function hostOfKey(key: string): string {
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
