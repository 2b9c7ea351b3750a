import { eraseFromHelper, storeInHelper } from "./credential-helper.ts";
import { changeAuths, credentialKey, dockerConfigPath, helperOf, readDockerConfig } from "./docker-config.ts";
import { hostOfKey } from "./docker-credentials.ts";

export interface LoginOptions {
  /** Default: docker's `config.json`. */
  readonly file?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Where credentials went. */
export type CredentialPlace =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "helper"; readonly name: string };

/** Keeps credentials as `docker login` does: with the helper that the file names, else in the file itself.
 * @param registry host as in image names, `docker.io` for Docker Hub
 * @throws {RegistryError} `UNAUTHORIZED` when file or helper cannot be used */
export async function storeCredentials(
  registry: string,
  login: { readonly username: string; readonly password: string },
  { env = process.env, file = dockerConfigPath(env) }: LoginOptions = {},
): Promise<CredentialPlace> {
  const key = credentialKey(registry);
  const helper = helperOf(readDockerConfig(file), registry);
  if (helper !== undefined) await storeInHelper(helper, key, login, env);
  const auth = Buffer.from(`${login.username}:${login.password}`).toString("base64");
  changeAuths(file, (auths) => ({ ...auths, [key]: helper === undefined ? { auth } : {} }));
  return helper === undefined ? { kind: "file", path: file } : { kind: "helper", name: helper };
}

/** Forgets a registry's credentials.
 * @returns false when there were none
 * @throws {RegistryError} `UNAUTHORIZED` when file or helper cannot be used */
export async function eraseCredentials(
  registry: string,
  { env = process.env, file = dockerConfigPath(env) }: LoginOptions = {},
): Promise<boolean> {
  const config = readDockerConfig(file);
  const key = credentialKey(registry);
  const isOurs = (each: string) => each === key || hostOfKey(each) === registry;
  const isKnown = Object.keys(config.auths).some(isOurs);
  const helper = helperOf(config, registry);
  if (helper !== undefined) await eraseFromHelper(helper, key, env);
  if (isKnown) {
    changeAuths(file, (auths) => Object.fromEntries(Object.entries(auths).filter(([each]) => !isOurs(each))));
  }
  return isKnown;
}
