import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { FileServer } from "../../src/source/testing/file-server.ts";
import { DockerRegistry, isMissing } from "../registry/docker-registry.ts";
import { missingForContainers, Rig } from "./rig.ts";

const skip = missingForContainers();
const skipRegistry = skip || isMissing;

const dockerfile = `FROM busybox AS base
RUN mkdir -p /lib/apk/db && printf 'P:musl\\nV:1.0\\nA:x86_64\\nL:MIT\\n\\n' > /lib/apk/db/installed
FROM base AS app
ARG LEVEL
RUN --mount=type=secret,id=token test -s /run/secrets/token
LABEL team=blue
FROM base AS other
RUN printf 'P:zlib\\nV:2\\nA:x86_64\\n\\n' > /lib/apk/db/installed
`;
const token = "correct-horse-battery";

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Record<string, string>;
  readonly platform?: { readonly architecture: string; readonly os: string };
}

interface Document {
  readonly mediaType: string;
  readonly artifactType?: string;
  readonly manifests?: readonly Descriptor[];
  readonly layers?: readonly Descriptor[];
  readonly subject?: Descriptor;
}

interface Statement {
  readonly _type: string;
  readonly subject: readonly { readonly name: string; readonly digest: { readonly sha256: string } }[];
  readonly predicateType: string;
  readonly predicate: Record<string, unknown>;
}

test("an attested image is pushed with its SBOM and its provenance in the index", {
  skip: skipRegistry,
}, async (t) => {
  await using registry = await DockerRegistry.start();
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", dockerfile);
  const secret = rig.file("../token", token);
  const name = `${registry.host}/team/app`;
  const flags = ["--secret", `id=token,src=${secret}`, "--build-arg", "LEVEL=1", "--target", "app"];
  await rig.mustBuild(
    ...flags,
    "--build-arg",
    `NOTE=is ${token}`,
    "--sbom=true",
    "--provenance=mode=max",
    "-t",
    `${name}:1`,
    "--push",
  );
  const { index, attested } = await pulled(registry.host, "team/app", "1");
  const [image, attestation] = index.manifests!;
  assert.deepEqual(image!.platform, { architecture: hostArchitecture(), os: "linux" });
  assert.deepEqual(attestation!.platform, { architecture: "unknown", os: "unknown" });
  assert.deepEqual(attestation!.annotations, {
    "vnd.docker.reference.digest": image!.digest,
    "vnd.docker.reference.type": "attestation-manifest",
  });
  assert.equal(attested.manifest.subject?.digest, image!.digest);
  assert.deepEqual(
    attested.statements.map(({ predicateType, subject }) => [predicateType, subject]),
    ["https://spdx.dev/Document", "https://slsa.dev/provenance/v1"].map((type) => [
      type,
      [
        {
          name: `pkg:docker/${name}@1?platform=linux%2F${hostArchitecture()}`,
          digest: { sha256: image!.digest.slice("sha256:".length) },
        },
      ],
    ]),
  );
  const [sbom, provenance] = attested.statements;
  assert.deepEqual(packageNames(sbom!), ["musl"]);
  const { buildDefinition } = provenance!.predicate as unknown as Provenance;
  assert.deepEqual(buildDefinition.externalParameters.request.args, {
    "build-arg:LEVEL": "1",
    "build-arg:NOTE": "is xxxxx",
    target: "app",
  });
  assert.deepEqual(buildDefinition.externalParameters.request.secrets, [{ id: "token", optional: true }]);
  assert.match(buildDefinition.resolvedDependencies[0]!.uri, /^pkg:docker\/busybox@latest\?platform=linux/);
  for (const text of attested.texts) {
    assert.ok(!text.includes(token), "no secret");
    assert.ok(!text.includes(Buffer.from(token).toString("base64").slice(0, 20)), "no secret");
    assert.ok(!text.includes(rig.dir), "no path of this machine");
  }

  const [inspected] = JSON.parse((await rig.slipway(["inspect", `${name}:1`])).stdout) as [
    { Id: string; Slipway: { Attestations: string[] } },
  ];
  assert.deepEqual(inspected.Slipway.Attestations, [
    "https://spdx.dev/Document",
    "https://slsa.dev/provenance/v1",
  ]);

  // The store keeps what was said, and says it again.
  assert.equal((await rig.slipway(["prune", "--force"])).exitCode, 0);
  await rig.slipway(["tag", `${name}:1`, `${name}:again`]);
  await rig.slipway(["push", `${name}:again`]);
  assert.deepEqual((await pulled(registry.host, "team/app", "again")).index, index);

  // It is an image like any other for those who pull it, and is built upon.
  const other = Rig.create(t);
  assert.equal((await other.slipway(["run", `${name}:1`, "cat", "/etc/group"])).exitCode, 0);
});

test("each target has its own list of packages, and each platform its own attestations", {
  skip,
}, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", `${dockerfile}FROM scratch AS none\nCOPY Dockerfile /\n`);
  const listed = async (target: string) => {
    const { attested } = await builtLayout(rig, "--target", target, "--sbom", "true");
    return attested.flatMap(({ statements }) => statements.map(packageNames));
  };
  assert.deepEqual(await listed("base"), [["musl"]]);
  assert.deepEqual(await listed("other"), [["zlib"]]);
  const both = await builtLayout(
    rig,
    "--target",
    "none",
    "--platform=linux/amd64,linux/arm64",
    "--provenance=mode=min",
  );
  const [amd64, arm64] = both.index.manifests!;
  assert.deepEqual(
    both.attested.map(({ statements }) =>
      statements.map(({ subject }) => `sha256:${subject[0]!.digest.sha256}`),
    ),
    [[amd64!.digest], [arm64!.digest]],
  );
});

test("with SOURCE_DATE_EPOCH attestations are the same on every day, and min says only where things are from", {
  skip,
}, async (t) => {
  const made: string[][] = [];
  const base = await Rig.withBusybox(t);
  const archive = path.join(base.dir, "busybox.tar");
  await base.slipway(["save", "-o", archive, "busybox"]);
  for (const _ of [1, 2]) {
    const rig = Rig.create(t);
    assert.equal((await rig.slipway(["load", "-i", archive])).exitCode, 0);
    rig.file("Dockerfile", dockerfile);
    const { attested } = await builtLayout(
      rig,
      "--reproducible",
      "--no-cache",
      "--target=base",
      "--label=secretive=yes",
      "--build-arg=LEVEL=9",
      "--sbom=true",
      "--attest=type=provenance,mode=min,builder-id=https://example.com/ci",
    );
    made.push(attested.flatMap(({ texts }) => texts));
  }
  assert.deepEqual(made[0], made[1]);
  const { predicate } = JSON.parse(made[0]![1]!) as Statement;
  const { buildDefinition, runDetails } = predicate as unknown as Provenance;
  assert.deepEqual(buildDefinition.externalParameters, {
    configSource: { path: "Dockerfile" },
    request: {
      frontend: "dockerfile.v0",
      args: { "no-cache": "", target: "base" },
      locals: [{ name: "context" }, { name: "dockerfile" }],
    },
  });
  assert.deepEqual(buildDefinition.internalParameters, { builderPlatform: `linux/${hostArchitecture()}` });
  assert.equal(runDetails.builder.id, "https://example.com/ci");
  assert.deepEqual(runDetails.metadata, {
    buildkit_metadata: {},
    buildkit_completeness: { request: false, resolvedDependencies: false },
  });
});

test("the older schema of provenance says the same", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", dockerfile);
  const { attested } = await builtLayout(
    rig,
    "--target=base",
    "--reproducible",
    "--attest=type=provenance,mode=min,version=v0.2",
  );
  const [statement] = attested[0]!.statements;
  assert.equal(statement!.predicateType, "https://slsa.dev/provenance/v0.2");
  const { materials, ...rest } = statement!.predicate;
  assert.equal((materials as readonly unknown[]).length, 1);
  assert.deepEqual(rest, {
    builder: { id: "" },
    buildType: "https://mobyproject.org/buildkit@v1",
    invocation: {
      configSource: { entryPoint: "Dockerfile" },
      parameters: {
        frontend: "dockerfile.v0",
        args: { target: "base" },
        locals: [{ name: "context" }, { name: "dockerfile" }],
      },
      environment: { platform: `linux/${hostArchitecture()}` },
    },
    metadata: {
      completeness: { parameters: false, environment: true, materials: false },
      reproducible: false,
      "https://mobyproject.org/buildkit@v1#metadata": {},
    },
  });
});

test("what came from the network is named by its digest, without what lets one in, in the metadata too", {
  skip,
}, async (t) => {
  const rig = await Rig.withBusybox(t);
  const server = await FileServer.start(t);
  server.files.set("/file", { body: "hello" });
  const url = server.url.replace("http://", "http://ann:s3cret@");
  rig.file("Dockerfile", `FROM scratch\nADD ${url}/file /\n`);
  const metadata = path.join(rig.dir, "metadata.json");
  const flags = ["--provenance=mode=max", "-o", `type=oci,dest=${path.join(rig.dir, "x.tar")}`];
  await rig.mustBuild(...flags, "--metadata-file", metadata);
  const text = readFileSync(metadata, "utf8");
  const found = JSON.parse(text) as { "buildx.build.provenance": Provenance };
  const { buildDefinition, runDetails } = found["buildx.build.provenance"];
  assert.deepEqual(buildDefinition.resolvedDependencies, [
    {
      uri: `${server.url.replace("http://", "http://xxxxx:xxxxx@")}/file`,
      digest: { sha256: createHash("sha256").update("hello").digest("hex") },
    },
  ]);
  const { source } = (runDetails.metadata as { buildkit_metadata: { source: { infos: [{ data: string }] } } })
    .buildkit_metadata;
  for (const each of [text, Buffer.from(source.infos[0].data, "base64").toString()])
    assert.ok(!each.includes("s3cret"));
  await rig.mustBuild(...flags, "--platform=linux/amd64,linux/arm64", "--metadata-file", metadata);
  assert.deepEqual(
    Object.keys(JSON.parse(readFileSync(metadata, "utf8")) as object).filter((key) =>
      key.startsWith("buildx"),
    ),
    ["buildx.build.provenance/linux/amd64", "buildx.build.provenance/linux/arm64"],
  );
});

test("beside files, what is said of them is written as files", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", "FROM scratch AS one\nCOPY a b /dir/\nFROM busybox\nRUN true\n");
  for (const name of ["a", "b"]) rig.file(name, `${name}\n`);
  const dest = path.join(rig.dir, "out");
  const flags = ["--target=one", "--sbom=true", "--provenance=mode=min", "--reproducible"];
  await rig.mustBuild(...flags, "-o", dest);
  const statement = (file: string) => JSON.parse(readFileSync(path.join(dest, file), "utf8")) as Statement;
  const subject = ["a", "b"].map((name) => ({
    name: `dir/${name}`,
    digest: { sha256: createHash("sha256").update(`${name}\n`).digest("hex") },
  }));
  for (const [file, type] of [
    ["sbom.spdx.json", "https://spdx.dev/Document"],
    ["provenance.json", "https://slsa.dev/provenance/v1"],
  ] as const) {
    assert.deepEqual(statement(file).subject, subject);
    assert.equal(statement(file).predicateType, type);
  }
  const tar = path.join(rig.dir, "out.tar");
  await rig.mustBuild(
    ...flags,
    "--platform=linux/amd64,linux/arm64",
    "-o",
    `type=tar,dest=${tar},attestation-prefix=x-`,
  );
  const listed = execFileSync("tar", ["-tf", tar], { encoding: "utf8" }).split("\n");
  const attested = listed.filter((name) => name.endsWith(".json"));
  assert.deepEqual(
    attested,
    ["linux_amd64", "linux_arm64"].flatMap((name) => [
      `${name}/x-provenance.json`,
      `${name}/x-sbom.spdx.json`,
    ]),
  );
  await rig.mustBuild(
    ...flags,
    "--sbom=false",
    "--attest=type=provenance,inline-only=true",
    "-o",
    `${dest}2`,
  );
  assert.deepEqual(
    readdirSync(`${dest}2`).sort(),
    ["dir", "provenance.json"],
    "the last word on a type counts",
  );
  await rig.mustBuild("--target=one", "--attest=type=provenance,inline-only=true", "-o", `${dest}3`);
  assert.deepEqual(readdirSync(`${dest}3`), ["dir"]);
});

test("outputs that cannot hold attestations refuse them", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", dockerfile);
  const refused = async (output: string, attest = "type=sbom") => {
    const { exitCode, stderr } = await rig.build("--attest", attest, "-o", output);
    assert.equal(exitCode, 2);
    return stderr.split("\n")[0];
  };
  assert.equal(
    await refused("type=docker,dest=x.tar"),
    "ERROR: docker exporter does not support exporting manifest lists, use the oci exporter instead",
  );
  assert.equal(
    await refused("type=oci,dest=x.tar", "type=sbom,form=referrer"),
    "ERROR: Cannot write referrers to an output of type=oci",
  );
});

test("the older form is written where artifacts are not wanted", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("Dockerfile", dockerfile);
  const { attested } = await builtLayout(rig, "--target=base", "--sbom=true", "oci-artifact=false");
  assert.deepEqual(
    attested.map(({ manifest }) => [manifest.artifactType, manifest.subject]),
    [[undefined, undefined]],
  );
});

interface Provenance {
  readonly buildDefinition: {
    readonly externalParameters: {
      readonly request: { readonly args: Record<string, string>; readonly secrets?: unknown };
    };
    readonly internalParameters: unknown;
    readonly resolvedDependencies: readonly { readonly uri: string }[];
  };
  readonly runDetails: { readonly builder: { readonly id: string }; readonly metadata: unknown };
}

interface Attested {
  readonly manifest: Document;
  readonly texts: readonly string[];
  readonly statements: readonly Statement[];
}

function packageNames({ predicate }: Statement): readonly string[] {
  return (predicate["packages"] as { name: string }[]).slice(1).map(({ name }) => name);
}

/** The index behind a tag, and the attestations of its first image. */
async function pulled(
  host: string,
  repository: string,
  tag: string,
): Promise<{ index: Document; attested: Attested }> {
  const get = async (what: string) => {
    const accept = ["index", "manifest"]
      .map((kind) => `application/vnd.oci.image.${kind}.v1+json`)
      .join(", ");
    const answer = await fetch(`http://${host}/v2/${repository}/${what}`, { headers: { accept } });
    assert.equal(answer.status, 200, what);
    return await answer.text();
  };
  const index = JSON.parse(await get(`manifests/${tag}`)) as Document;
  const found = index.manifests!.find(({ platform }) => platform?.os === "unknown")!;
  const manifest = JSON.parse(await get(`manifests/${found.digest}`)) as Document;
  const texts = await Promise.all(manifest.layers!.map(({ digest }) => get(`blobs/${digest}`)));
  return { index, attested: toAttested(manifest, texts) };
}

/** Builds into an OCI layout and reads it; a flag without dashes is an attribute of the output. */
async function builtLayout(
  rig: Rig,
  ...flags: readonly string[]
): Promise<{ index: Document; attested: readonly Attested[] }> {
  const dest = path.join(rig.dir, `layout-${Math.random()}`);
  const attributes = flags.filter((flag) => flag.startsWith("oci-")).map((flag) => `,${flag}`);
  const tar = `${dest}.tar`;
  await rig.mustBuild(
    ...flags.filter((flag) => !flag.startsWith("oci-")),
    "-o",
    `type=oci,dest=${tar}${attributes.join("")}`,
  );
  mkdirSync(dest);
  execFileSync("tar", ["-xf", tar, "-C", dest]);
  const blob = (digest: string) => {
    const bytes = readFileSync(path.join(dest, "blobs/sha256", digest.slice("sha256:".length)));
    assert.equal(`sha256:${createHash("sha256").update(bytes).digest("hex")}`, digest);
    return bytes.toString();
  };
  const top = JSON.parse(readFileSync(path.join(dest, "index.json"), "utf8")) as Document;
  const index = JSON.parse(blob(top.manifests![0]!.digest)) as Document;
  const attested = index.manifests!.filter(({ platform }) => platform?.os === "unknown");
  return {
    index,
    attested: attested.map(({ digest }) => {
      const manifest = JSON.parse(blob(digest)) as Document;
      return toAttested(
        manifest,
        manifest.layers!.map((layer) => blob(layer.digest)),
      );
    }),
  };
}

function toAttested(manifest: Document, texts: readonly string[]): Attested {
  return { manifest, texts, statements: texts.map((text) => JSON.parse(text) as Statement) };
}

function hostArchitecture(): string {
  return process.arch === "x64" ? "amd64" : process.arch;
}
