import { readdirSync, readFileSync } from "node:fs";
import type { AgentOptions } from "node:https";
import path from "node:path";
import type { SecureContext } from "node:tls";
import { isErrno } from "../util/index.ts";
import { RegistryError } from "./registry-error.ts";

/** Where docker and we look for `<host>/*.crt` (authorities), `*.cert` and `*.key` (client certificate). */
const defaultCertificateDirs = ["/etc/docker/certs.d", "/etc/slipway/certs.d"];

/** The system's authorities on Debian and Alpine, Fedora, SUSE, and elsewhere. */
const systemBundles = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

export interface TlsOptions {
  /** Hosts (with port, if any) whose certificate is not verified. */
  readonly isInsecure: (host: string) => boolean;
  readonly certificateDirs?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

interface HostFiles {
  readonly authorities: readonly string[];
  readonly client: { readonly cert?: Buffer; readonly key?: Buffer };
}

/** TLS options by host: who is trusted (the system's authorities, as other container tools do, those of `certs.d` and
 * `NODE_EXTRA_CA_CERTS`), client certificates, and whether certificates are verified at all. */
export class TlsSettings {
  readonly #options: TlsOptions;
  #shared: SecureContext | undefined;

  constructor(options: TlsOptions) {
    this.#options = options;
  }

  /** @throws {RegistryError} `UNREACHABLE` when the certificates for this host cannot be read */
  async optionsFor(host: string): Promise<AgentOptions> {
    const { createSecureContext, rootCertificates } = await import("node:tls");
    try {
      const { authorities, client } = this.#filesFor(host);
      if (this.#options.isInsecure(host)) {
        return { rejectUnauthorized: false, secureContext: createSecureContext(client) };
      }
      const isPlain = authorities.length === 0 && client.cert === undefined;
      if (isPlain && this.#shared) return { secureContext: this.#shared };
      // Node would make a context of these options for every connection, 20 ms each.
      const ca = [
        ...(this.#systemAuthorities() ?? rootCertificates),
        ...this.#extraAuthorities(),
        ...authorities,
      ];
      const secureContext = createSecureContext({ ca, ...client });
      if (isPlain) this.#shared = secureContext;
      return { secureContext };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new RegistryError("UNREACHABLE", `Cannot use the certificates for ${host}: ${reason}`, {
        cause: error,
      });
    }
  }

  #filesFor(host: string): HostFiles {
    const authorities: string[] = [];
    let client: HostFiles["client"] = {};
    if (!/^[\w[]/.test(host)) return { authorities, client }; // a redirect's host may be `..`
    // URLs leave out the port of TLS.
    const folders = /:\d+$/.test(host) ? [host] : [host, `${host}:443`];
    for (const dir of this.#roots.flatMap((root) => folders.map((folder) => path.join(root, folder)))) {
      const names = listDir(dir);
      for (const name of names) {
        if (name.endsWith(".crt")) authorities.push(readFileSync(path.join(dir, name), "utf8"));
        const keyName = name.replace(/\.cert$/, ".key");
        if (keyName === name || !names.includes(keyName)) continue;
        client = { cert: readFileSync(path.join(dir, name)), key: readFileSync(path.join(dir, keyName)) };
      }
    }
    return { authorities, client };
  }

  #systemAuthorities(): string[] | undefined {
    const named = this.#env.SSL_CERT_FILE;
    for (const file of named ? [named] : systemBundles) {
      try {
        return [readFileSync(file, "utf8")];
      } catch (error) {
        if (named || !isErrno(error, "ENOENT", "ENOTDIR", "EACCES")) throw error;
      }
    }
    return undefined;
  }

  /** Node adds these itself only as long as nobody names authorities. */
  #extraAuthorities(): string[] {
    const file = this.#env.NODE_EXTRA_CA_CERTS;
    return file ? [readFileSync(file, "utf8")] : [];
  }

  get #roots(): readonly string[] {
    return this.#options.certificateDirs ?? defaultCertificateDirs;
  }

  get #env(): NodeJS.ProcessEnv {
    return this.#options.env ?? process.env;
  }
}

function listDir(dir: string): string[] {
  try {
    return readdirSync(dir).sort();
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR", "EACCES")) return [];
    throw error;
  }
}
