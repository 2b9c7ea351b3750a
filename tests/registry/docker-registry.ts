import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fakeCertificate } from "../../src/registry/testing/fake-certificate.ts";
import { tokenIssuer, tokenService } from "./token-server.ts";

export interface DockerRegistryOptions {
  /** Serve TLS with the certificate of the fake registry. */
  readonly tls?: boolean;
  /** Let only `account` in. */
  readonly basicAuth?: boolean;
  /** Let in who brings a token of this service. */
  readonly tokenRealm?: string;
  /** Let in only who has a certificate: the fake one, which is its own authority. */
  readonly clientCertificate?: boolean;
}

export const account = { username: "ann", password: "s3cret" };
/** bcrypt of the account's password. */
const htpasswd = "ann:$2b$05$gAGzGtGo1T7oMXCqmLBQSOWH9MLyl14jgQ1uZqD3qd4kqwoa4rVp.\n";

/** Why these tests cannot run here, or false. */
export const isMissing =
  spawnSync("docker-registry", ["--version"]).status === 0 ? false : "docker-registry is not installed";

/** Debian's `docker-registry` on a port of 127.0.0.1, with an empty store of its own. */
export class DockerRegistry implements AsyncDisposable {
  readonly host: string;
  readonly #dir: string;
  readonly #process: ChildProcess;

  private constructor(host: string, dir: string, process: ChildProcess) {
    this.host = host;
    this.#dir = dir;
    this.#process = process;
  }

  static async start(options: DockerRegistryOptions = {}): Promise<DockerRegistry> {
    const dir = mkdtempSync(path.join(tmpdir(), "slipway-docker-registry-"));
    const port = await freePort();
    writeFileSync(path.join(dir, "htpasswd"), htpasswd);
    writeFileSync(path.join(dir, "cert.pem"), fakeCertificate.cert);
    writeFileSync(path.join(dir, "key.pem"), fakeCertificate.key);
    writeFileSync(path.join(dir, "config.json"), JSON.stringify(configuration(dir, port, options)));
    const process = spawn("docker-registry", ["serve", path.join(dir, "config.json")], { stdio: "ignore" });
    const registry = new DockerRegistry(`127.0.0.1:${port}`, dir, process);
    await registry.#isUp(options.tls ?? false);
    return registry;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill("SIGKILL");
    if (this.#process.exitCode === null && this.#process.signalCode === null) await ended;
    rmSync(this.#dir, { recursive: true, force: true });
  }

  async #isUp(isTls: boolean): Promise<void> {
    const { get } = isTls ? await import("node:https") : await import("node:http");
    const url = `${isTls ? "https" : "http"}://${this.host}/v2/`;
    for (let tries = 0; tries < 200; tries++) {
      const isAnswered = await new Promise<boolean>((resolve) => {
        const request = get(url, { rejectUnauthorized: false, ...fakeCertificate }, (answer) =>
          resolve(answer.resume() !== undefined),
        );
        request.on("error", () => resolve(false));
      });
      if (isAnswered) return;
      await sleep(50);
    }
    await this[Symbol.asyncDispose]();
    throw new Error("docker-registry did not start within 10 s");
  }
}

function configuration(dir: string, port: number, options: DockerRegistryOptions): unknown {
  const certificate = path.join(dir, "cert.pem");
  const clientcas = options.clientCertificate ? { clientcas: [certificate] } : {};
  const tls = { certificate, key: path.join(dir, "key.pem"), ...clientcas };
  const { tokenRealm: realm } = options;
  const token = { realm, service: tokenService, issuer: tokenIssuer, rootcertbundle: certificate };
  const htpasswdAuth = { realm: "test", path: path.join(dir, "htpasswd") };
  return {
    version: "0.1",
    log: { level: "error" },
    storage: { filesystem: { rootdirectory: path.join(dir, "data") } },
    http: { addr: `127.0.0.1:${port}`, ...(options.tls ? { tls } : {}) },
    ...(options.basicAuth ? { auth: { htpasswd: htpasswdAuth } } : {}),
    ...(realm === undefined ? {} : { auth: { token } }),
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
