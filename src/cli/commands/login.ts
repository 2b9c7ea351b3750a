import type { Command } from "commander";
import type { CredentialPlace } from "../../registry/index.ts";
import type { CliIo } from "../cli-io.ts";
import { registryHost } from "../flags/registry-host.ts";
import { type TlsVerifyFlag, tlsVerifyOption } from "../flags/tls-verify.ts";
import { withInterrupt } from "../interrupt.ts";
import { readLine } from "../read-line.ts";
import { readLimited } from "../../util/index.ts";
import { UsageError } from "../usage-error.ts";

interface LoginFlags extends TlsVerifyFlag {
  readonly username?: string;
  readonly password?: string;
  readonly passwordStdin?: boolean;
}

export function define(command: Command, io: CliIo): void {
  command
    .usage("[OPTIONS] [SERVER]")
    .argument("[server]", "registry, e.g. registry.example:5000 (default: Docker Hub)")
    .option("-u, --username <name>", "User name")
    .option("-p, --password <password>", "Password or token; --password-stdin shows it to nobody")
    .option("--password-stdin", "Read the password from standard input")
    .option(...tlsVerifyOption)
    .action(async (server: string | undefined) => {
      const registry = registryHost(server);
      const flags = command.opts<LoginFlags>();
      const login = await askFor(registry, flags, io);
      const { storeCredentials } = await import("../../registry/index.ts");
      await verify(registry, login, { io, isInsecure: flags.tlsVerify === false });
      if (login.isKnown !== true) warn(await storeCredentials(registry, login, { env: io.env }), io);
      io.stdout.write("Login Succeeded\n");
    });
}

interface Login {
  readonly username: string;
  readonly password: string;
  /** It is what was stored before. */
  readonly isKnown?: boolean;
}

/** As docker asks: options first, then what is stored, then the terminal. */
async function askFor(registry: string, flags: LoginFlags, io: CliIo): Promise<Login> {
  const { username, password } = flags;
  if (password !== undefined && flags.passwordStdin)
    throw new UsageError("--password and --password-stdin are mutually exclusive");
  if (flags.passwordStdin) {
    if (!username) throw new UsageError("Must provide --username with --password-stdin");
    return { username, password: await passwordFromStdin(io) };
  }
  if (password !== undefined) {
    io.stderr.write("WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n");
    if (username) return { username, password };
  }
  const known = username || password !== undefined ? undefined : await stored(registry, io);
  if (known) return known;
  if (!io.stdin.isTTY)
    throw new UsageError("Cannot perform an interactive login from a non TTY device", {
      hint: "give --username and --password-stdin",
    });
  const name = username || (await readLine("Username: ", io));
  return { username: name, password: password ?? (await readLine("Password: ", io, { isHidden: true })) };
}

async function stored(registry: string, io: CliIo): Promise<Login | undefined> {
  const { dockerCredentials } = await import("../../registry/index.ts");
  const found = await dockerCredentials({ env: io.env })(registry);
  if (found?.kind !== "password") return undefined;
  io.stderr.write("Authenticating with existing credentials...\n");
  return { ...found, isKnown: true };
}

/** Far above any password or token. */
const limitBytes = 1024 * 1024;

async function passwordFromStdin({ stdin }: CliIo): Promise<string> {
  const bytes = await readLimited(stdin, limitBytes);
  if (!bytes) throw new UsageError("Cannot read a password from standard input: it is too long");
  return bytes.toString("utf8").replace(/\r?\n$/, "");
}

async function verify(
  registry: string,
  { username, password }: Login,
  { io, isInsecure }: { readonly io: CliIo; readonly isInsecure: boolean },
): Promise<void> {
  const { openRegistryClient, RegistryError } = await import("../../registry/index.ts");
  const insecureHosts = isInsecure ? [registry] : [];
  await withInterrupt(async (signal) => {
    const credentials = () => Promise.resolve({ kind: "password", username, password } as const);
    await using client = await openRegistryClient({ insecureHosts, credentials, signal, env: io.env });
    try {
      await client.authenticate(registry);
    } catch (error) {
      if (!(error instanceof RegistryError) || error.code !== "UNAUTHORIZED") throw error;
      throw new RegistryError("UNAUTHORIZED", error.message, {
        cause: error.cause,
        hint: "check the user name and the password; many registries want a token in its place",
      });
    }
  });
}

function warn(place: CredentialPlace, io: CliIo): void {
  if (place.kind === "helper") return;
  io.stderr.write(`WARNING! Your credentials are stored unencrypted in '${place.path}'.\n`);
  io.stderr.write("A credential helper (credsStore of that file) keeps them safer.\n");
}
