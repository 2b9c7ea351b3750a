import { isErrno, type ProcessResult, runProcess } from "../util/index.ts";
import type { Credentials } from "./credentials.ts";
import { RegistryError } from "./registry-error.ts";

const timeoutMs = 60_000; // a helper may ask a person

/** Asks `docker-credential-<name> get`. A helper that has nothing, fails or is not installed means anonymous; the reason is
 * noted. What a helper prints is never repeated: it may hold the secret. */
export async function getFromHelper(
  name: string,
  serverAddress: string,
  options: { readonly env?: NodeJS.ProcessEnv; readonly note?: (text: string) => void },
): Promise<Credentials | undefined> {
  const program = `docker-credential-${name}`;
  const giveUp = (reason: string) => {
    options.note?.(`No credentials for ${serverAddress} from ${program}: ${reason}`);
    return undefined;
  };
  if (!/^[\w.-]+$/.test(name)) return giveUp("not a helper's name");
  let result: ProcessResult;
  try {
    const env = options.env ?? process.env;
    result = await runProcess(program, ["get"], {
      input: serverAddress,
      env,
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch (error) {
    if (isErrno(error, "ENOENT")) return giveUp("it is not installed");
    if (isErrno(error, "EACCES")) return giveUp("it cannot be run");
    if (error instanceof Error && error.name === "AbortError")
      return giveUp(`no answer within ${timeoutMs / 1000} s`);
    throw error;
  }
  if (/credentials not found/i.test(result.stdout)) return giveUp("it has none");
  if (result.exitCode !== 0) return giveUp(`exit code ${result.exitCode}`);
  return parseHelperAnswer(result.stdout) ?? giveUp("its answer is not what the protocol asks for");
}

function parseHelperAnswer(text: string): Credentials | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof answer !== "object" || answer === null) return undefined;
  const { Username: username, Secret: secret } = answer as { Username?: unknown; Secret?: unknown };
  if (typeof username !== "string" || typeof secret !== "string") return undefined;
  if (username === "<token>") return { kind: "identity-token", token: secret };
  return { kind: "password", username, password: secret };
}

/** Hands credentials over to `docker-credential-<name> store`.
 * @throws {RegistryError} `UNAUTHORIZED` when it does not take them */
export async function storeInHelper(
  name: string,
  serverAddress: string,
  { username, password }: { readonly username: string; readonly password: string },
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const entry = { ServerURL: serverAddress, Username: username, Secret: password };
  await callHelper(name, { action: "store", input: JSON.stringify(entry), env });
}

/** Makes `docker-credential-<name>` forget credentials; that it had none is no failure.
 * @throws {RegistryError} `UNAUTHORIZED` */
export async function eraseFromHelper(
  name: string,
  serverAddress: string,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  await callHelper(name, { action: "erase", input: serverAddress, env });
}

async function callHelper(
  name: string,
  { action, input, env }: { action: "store" | "erase"; input: string; env: NodeJS.ProcessEnv },
): Promise<void> {
  const program = `docker-credential-${name}`;
  const failed = (reason: string) =>
    new RegistryError("UNAUTHORIZED", `Cannot ${action} credentials with ${program}: ${reason}`);
  if (!/^[\w.-]+$/.test(name)) throw failed("not a helper's name");
  let result: ProcessResult;
  try {
    result = await runProcess(program, [action], { input, env, signal: AbortSignal.timeout(timeoutMs) });
  } catch (error) {
    if (isErrno(error, "ENOENT")) throw failed("it is not installed");
    if (isErrno(error, "EACCES")) throw failed("it cannot be run");
    if (error instanceof Error && error.name === "AbortError")
      throw failed(`no answer within ${timeoutMs / 1000} s`);
    throw error;
  }
  const isUnknown = action === "erase" && /credentials not found/i.test(result.stdout);
  if (result.exitCode !== 0 && !isUnknown) throw failed(`exit code ${result.exitCode}`);
}
