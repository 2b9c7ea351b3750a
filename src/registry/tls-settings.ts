import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { AgentOptions } from "node:https";
import { isErrno } from "../util/index.ts";

/** Where docker and we look for `<host>/*.crt` (authorities), `*.cert` and `*.key` (client certificate). */
export const certificateDirs = ["/etc/docker/certs.d", "/etc/slipway/certs.d"];

export interface TlsOptions {
  /** Hosts (with port, if any) whose certificate is not verified. */
  readonly isInsecure: (host: string) => boolean;
  readonly certificateDirs?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** TLS options by host: authorities of `certs.d` beside the usual ones, client certificates, verification. */
export class TlsSettings {
  readonly #options: TlsOptions;

  constructor(options: TlsOptions) {
    this.#options = options;
  }

  async optionsFor(host: string): Promise<AgentOptions> {
    if (this.#options.isInsecure(host)) return { rejectUnauthorized: false, ...this.#filesFor(host).client };
    const { authorities, client } = this.#filesFor(host);
    if (authorities.length === 0) return client;
    const { rootCertificates } = await import("node:tls");
    return { ca: [...rootCertificates, ...this.#extraAuthorities(), ...authorities], ...client };
  }

  #filesFor(host: string): { authorities: string[]; client: AgentOptions } {
    if (!/^[\w[]/.test(host)) return { authorities: [], client: {} }; // a redirect's host may be `..`
    const authorities: string[] = [];
    let client: AgentOptions = {};
    for (const root of this.#options.certificateDirs ?? certificateDirs) {
      const dir = path.join(root, host);
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

  /** Node adds these itself only as long as we name no authorities. */
  #extraAuthorities(): string[] {
    const file = (this.#options.env ?? process.env).NODE_EXTRA_CA_CERTS;
    return file ? [readFileSync(file, "utf8")] : [];
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
