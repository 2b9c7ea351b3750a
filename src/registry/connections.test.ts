import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { createServer as createTlsServer } from "node:tls";
import { parseReference } from "../oci/index.ts";
import { defaultLimits } from "./limits.ts";
import { networkError } from "./network-error.ts";
import { proxyFor, proxyHeaders } from "./proxy.ts";
import { createRegistryClient } from "./registry-client.ts";
import { TlsSettings } from "./tls-settings.ts";
import { discardBody, Transport } from "./transport.ts";
import { fakeCertificate } from "./testing/fake-certificate.ts";
import { FakeProxy } from "./testing/fake-proxy.ts";
import { FakeRegistry } from "./testing/fake-registry.ts";
import { amd64, failure, quickLimits, startPullRig } from "./testing/pull-rig.ts";

const dir = mkdtempSync(path.join(tmpdir(), "slipway-connections-"));
after(() => rmSync(dir, { recursive: true, force: true }));
const layers = [Buffer.from("layer")];

test("a loopback registry that speaks TLS is spoken to in TLS, without a look at its certificate", async () => {
  await using rig = await startPullRig({ tls: fakeCertificate });
  const { manifest } = rig.registry.addImage("base", "latest", { layers });
  assert.equal((await rig.client.resolve(rig.reference("base"), amd64)).digest, manifest.digest);
});

test("the way a host is spoken to is found out once", async () => {
  await using rig = await startPullRig({ tls: fakeCertificate });
  rig.registry.addImage("base", "latest", { layers });
  await Promise.all([1, 2, 3].map(() => rig.client.resolve(rig.reference("base"), amd64)));
  assert.equal(rig.registry.count("GET", /^\/v2\/$/), 1);
});

test("a certificate of an unknown authority is not trusted, and the error says where to put the authority", async () => {
  await using registry = await FakeRegistry.start({ tls: fakeCertificate });
  const error = await statusOf(registry.host, {}).catch((each: unknown) => each);
  const told = networkError(error, "Cannot pull x", new URL(`https://${registry.host}`), false) as Error & {
    hint: string;
  };
  assert.equal(
    told.message,
    `Cannot pull x: cannot reach ${registry.host}: its certificate is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT)`,
  );
  assert.equal(
    told.hint,
    `put the registry's CA into /etc/docker/certs.d/${registry.host}/ca.crt, or set "insecure: true" for it in Slipway's configuration file`,
  );
});

test("an authority in certs.d is trusted, for its host only", async () => {
  await using registry = await FakeRegistry.start({ tls: fakeCertificate });
  writeIn(path.join(dir, "trusted", registry.host, "ca.crt"), fakeCertificate.cert);
  writeIn(path.join(dir, "elsewhere", "127.0.0.1:1", "ca.crt"), fakeCertificate.cert);
  assert.equal(await statusOf(registry.host, { certificateDirs: [path.join(dir, "trusted")] }), 200);
  await assert.rejects(
    statusOf(registry.host, { certificateDirs: [path.join(dir, "elsewhere")] }),
    /self-signed/,
  );
});

test("an authority of the system or of NODE_EXTRA_CA_CERTS is trusted", async () => {
  await using registry = await FakeRegistry.start({ tls: fakeCertificate });
  const file = path.join(dir, "authority.pem");
  writeIn(file, fakeCertificate.cert);
  for (const env of [{ SSL_CERT_FILE: file }, { NODE_EXTRA_CA_CERTS: file }]) {
    assert.equal(await statusOf(registry.host, { env }), 200);
  }
});

test("a client certificate that cannot be used is reported with its host", async () => {
  const certificates = path.join(dir, "broken", "127.0.0.1:1");
  writeIn(path.join(certificates, "client.cert"), fakeCertificate.cert);
  writeIn(path.join(certificates, "client.key"), "nonsense");
  const error = await statusOf("127.0.0.1:1", { certificateDirs: [path.join(dir, "broken")] }).catch(
    (each: unknown) => each,
  );
  assert.match(String(error), /^RegistryError: Cannot use the certificates for 127\.0\.0\.1:1: /);
});

test("a registry that does not speak TLS is not spoken to without it", async () => {
  await using registry = await FakeRegistry.start();
  const error = await statusOf(registry.host, {}).catch((each: unknown) => each);
  const told = networkError(error, "Cannot pull x", new URL(`https://${registry.host}`), false) as Error & {
    hint: string;
  };
  assert.equal(told.message, `Cannot pull x: cannot reach ${registry.host}: it does not speak TLS`);
  assert.deepEqual(registry.requests, []);
});

for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const)
  test(`a registry that wants a client certificate (${maxVersion}) is not asked without TLS, and the error says what it wants`, async () => {
    const server = createTlsServer({
      ...fakeCertificate,
      ca: fakeCertificate.cert,
      requestCert: true,
      rejectUnauthorized: true,
      maxVersion,
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    await using client = createRegistryClient({
      env: {},
      credentials: async () => undefined,
      limits: quickLimits,
      certificateDirs: [],
    });
    const { code, message, hint } = await failure(client.resolve(parseReference(`${host}/base`), amd64));
    server.close();
    assert.equal(code, "UNREACHABLE");
    const alert = maxVersion === "TLSv1.2" ? "handshake failure" : "certificate required";
    assert.equal(
      message,
      `Cannot pull ${host}/base:latest: cannot reach ${host}: it refuses the TLS connection (${alert})`,
    );
    assert.equal(
      hint,
      `if it wants a client certificate, put that into /etc/docker/certs.d/${host}/client.cert, and its key beside it into client.key`,
    );
  });

test("HTTPS goes through the proxy's tunnel, with the proxy's password", async () => {
  await using registry = await FakeRegistry.start({ tls: fakeCertificate });
  const { manifest } = registry.addImage("base", "latest", { layers });
  await using proxy = await FakeProxy.start({ port: Number(registry.host.split(":")[1]) });
  const env = { HTTPS_PROXY: `http://ann:p%40ss@${proxy.host}` };
  await using client = createRegistryClient({
    env,
    configuration: { registries: { "registry.example": { insecure: true, mirrors: [] } } },
    credentials: async () => undefined,
    certificateDirs: [],
  });
  const resolved = await client.resolve(parseReference("registry.example/base"), amd64);
  assert.equal(resolved.digest, manifest.digest);
  const password = Buffer.from("ann:p@ss").toString("base64");
  assert.deepEqual(proxy.requests, [`CONNECT registry.example:443 Basic ${password}`]);
});

test("what is said of a registry with its port holds for the port of TLS too", async () => {
  await using registry = await FakeRegistry.start({ tls: fakeCertificate });
  const { manifest } = registry.addImage("base", "latest", { layers });
  await using proxy = await FakeProxy.start({ port: Number(registry.host.split(":")[1]) });
  for (const [host, name] of [
    ["registry.example:443", "registry.example:443/base"],
    ["docker.io", "base"],
  ] as const) {
    const insecure = { registries: { [host]: { insecure: true, mirrors: [] } } };
    await using client = createRegistryClient({
      env: { HTTPS_PROXY: proxy.host },
      configuration: insecure,
      credentials: async () => undefined,
      certificateDirs: [],
    });
    registry.manifests.set("library/base:latest", registry.manifests.get("base:latest")!);
    const digest = await client.resolveDigest(parseReference(name));
    assert.equal(digest, manifest.digest);
  }
  const certificates = path.join(dir, "with-port");
  for (const file of ["client.cert", "client.key"])
    writeIn(path.join(certificates, "registry.example:443", file), "nonsense");
  const tls = new TlsSettings({ certificateDirs: [certificates], env: {}, isInsecure: () => false });
  await assert.rejects(
    tls.optionsFor("registry.example"),
    /^RegistryError: Cannot use the certificates for /,
  );
});

test("a proxy's password that is no percent encoding is sent as it is", () => {
  const headers = proxyHeaders(new URL("http://a%nn:100%@proxy.example"));
  assert.deepEqual(headers, {
    "proxy-authorization": `Basic ${Buffer.from("a%nn:100%").toString("base64")}`,
  });
});

test("plain HTTP is handed to the proxy with the whole URL", async () => {
  await using registry = await FakeRegistry.start();
  const { manifest } = registry.addImage("base", "latest", { layers });
  await using proxy = await FakeProxy.start({ port: Number(registry.host.split(":")[1]) });
  const mirrors = [{ host: "mirror.example", scheme: "http", prefix: "" }] as const;
  await using client = createRegistryClient({
    env: { http_proxy: proxy.host },
    configuration: { registries: { "registry.example": { insecure: false, mirrors } } },
    credentials: async () => undefined,
  });
  assert.equal(
    (await client.resolve(parseReference("registry.example/base"), amd64)).digest,
    manifest.digest,
  );
  assert.equal(proxy.requests[0], "GET http://mirror.example/v2/base/manifests/latest");
});

test("a proxy that refuses or is not there is named", async () => {
  await using proxy = await FakeProxy.start({ port: 1 });
  proxy.refusal = 407;
  const pull = async (env: NodeJS.ProcessEnv) => {
    await using client = createRegistryClient({
      env,
      credentials: async () => undefined,
      limits: quickLimits,
    });
    return await failure(client.resolve(parseReference("registry.example/base"), amd64));
  };
  const subject = "Cannot pull registry.example/base:latest: cannot reach registry.example";
  const refused = await pull({ HTTPS_PROXY: `http://ann:s3cret@${proxy.host}` });
  assert.equal(refused.message, `${subject}: the proxy ${proxy.host} answered 407`);
  const absent = await pull({ HTTPS_PROXY: "http://127.0.0.1:1" });
  assert.equal(absent.message, `${subject}: the proxy 127.0.0.1:1 cannot be reached (ECONNREFUSED)`);
  const unknown = await pull({ HTTPS_PROXY: "socks5://127.0.0.1:1" });
  assert.equal(
    unknown.message,
    "Cannot reach registry.example: HTTPS_PROXY does not name an http or https proxy",
  );
});

const noProxyRows: [noProxy: string, url: string, isProxied: boolean][] = [
  ["", "https://a.example", true],
  ["*", "https://a.example", false],
  ["a.example", "https://a.example", false],
  ["a.example", "https://sub.a.example", false],
  ["a.example", "https://xa.example", true],
  [".a.example", "https://a.example", true],
  [".a.example", "https://sub.a.example", false],
  ["*.a.example", "https://sub.a.example", false],
  ["b.example, A.EXAMPLE:443", "https://a.example", false],
  ["a.example:444", "https://a.example", true],
  ["10.0.0.0/8", "https://10.1.2.3:5000", false],
  ["10.0.0.0/8", "https://11.1.2.3:5000", true],
  ["fd00::/8", "https://[fd00::1]:5000", false],
  ["fd00::1", "https://[fd00::1]:5000", false],
  ["10.0.0.0/99,x/8,/", "https://10.1.2.3", true],
  ["", "https://localhost:5000", false],
  ["", "https://127.0.0.1:5000", false],
];

for (const [noProxy, url, isProxied] of noProxyRows) {
  test(`with NO_PROXY=${noProxy}, ${url} goes ${isProxied ? "through the proxy" : "directly"}`, () => {
    const found = proxyFor(new URL(url), { HTTPS_PROXY: "http://proxy.example:3128", NO_PROXY: noProxy });
    assert.equal(found?.host, isProxied ? "proxy.example:3128" : undefined);
  });
}

/** Status of `/v2/` over TLS that is verified, loopback or not. */
async function statusOf(
  host: string,
  options: { certificateDirs?: readonly string[]; env?: NodeJS.ProcessEnv },
): Promise<number | undefined> {
  const tls = new TlsSettings({ certificateDirs: [], env: {}, ...options, isInsecure: () => false });
  const transport = new Transport({ limits: defaultLimits, tls, env: {} });
  try {
    const answer = await transport.send(new URL(`https://${host}/v2/`), { method: "GET", headers: {} });
    await discardBody(answer);
    return answer.statusCode;
  } finally {
    await transport.close();
  }
}

function writeIn(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}
