import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { FileServer } from "../../src/source/testing/file-server.ts";
import {
  attestedDockerfile,
  builtLayout,
  hostArchitecture,
  type Provenance,
  type Statement,
} from "./read-attestations.ts";
import { missingForContainers, Rig } from "./rig.ts";

const skip = missingForContainers();

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
    rig.file("Dockerfile", attestedDockerfile);
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
  rig.file("Dockerfile", attestedDockerfile);
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

test("max says which blobs each step ended with, in the form of each output, and what the steps did", {
  skip,
}, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file("a", "a");
  rig.file(
    "Dockerfile",
    "FROM busybox AS other\nRUN echo 1 > /1\nFROM busybox\nCOPY --chown=1:2 a /\nCOPY --link --from=other /1 /\nRUN --network=none true\n",
  );
  for (const [version, output] of [
    ["v1", "oci-mediatypes=true"],
    ["v0.2", "oci-mediatypes=true,compression=zstd"],
  ]) {
    const { attested, images } = await builtLayout(
      rig,
      `--attest=type=provenance,mode=max,version=${version}`,
      output!,
    );
    const { predicate } = attested[0]!.statements[0]! as unknown as {
      predicate: {
        runDetails?: { metadata: { buildkit_metadata: Made } };
        metadata?: Record<string, Made>;
      } & Steps;
    };
    const { layers } =
      predicate.runDetails?.metadata.buildkit_metadata ??
      predicate.metadata!["https://mobyproject.org/buildkit@v1#metadata"]!;
    const blobs = images[0]!.layers!.map(({ mediaType, digest, size }) => ({ mediaType, digest, size }));
    assert.equal(blobs.length, 4);
    assert.ok(
      blobs.slice(1).every(({ mediaType }) => mediaType.endsWith(version === "v1" ? "gzip" : "zstd")),
    );
    const { llbDefinition, digestMapping } =
      predicate.buildConfig ?? predicate.buildDefinition.internalParameters.buildConfig;
    const idOf = (text: string) => llbDefinition.find(({ op }) => JSON.stringify(op).includes(text))!.id;
    assert.deepEqual(layers, {
      [`${idOf("docker-image://")}:0`]: [blobs.slice(0, 1)],
      [`${idOf('"src":"/a"')}:0`]: [blobs.slice(0, 2)],
      [`${idOf('"merge"')}:0`]: [blobs.slice(0, 3)],
      [`${idOf('"network":2')}:0`]: [blobs],
    });
    assert.match(
      JSON.stringify(llbDefinition),
      /"input":0,"secondaryInput":1,"output":0,"Action":{"copy":{"src":"\/a","dest":"\/","owner":{"user":{"User":{"byId":1}},"group":{"User":{"byId":2}}}/,
    );
    const last = llbDefinition.at(-1)!;
    assert.deepEqual([last.op, last.inputs], [{ Op: {} }, [`${idOf('"network":2')}:0`]]);
    assert.deepEqual(
      Object.values(digestMapping).sort(),
      llbDefinition
        .map(({ id }) => id)
        .slice(0, -1)
        .sort(),
    );
  }
});

test("the checkout of the context is told, unless it is kept back", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  const revision = "0123456789abcdef0123456789abcdef01234567";
  rig.file(".git/HEAD", "ref: refs/heads/main\n");
  rig.file(".git/refs/heads/main", `${revision}\n`);
  rig.file(".git/config", '[remote "origin"]\n\turl = https://ann:s3cret@example.com/app.git\n');
  rig.file("Dockerfile", "FROM busybox\n");
  const metadata = path.join(rig.dir, "metadata.json");
  const vcs = async (env: Record<string, string>) => {
    const args = [
      "build",
      "--provenance=mode=min",
      "--metadata-file",
      metadata,
      "-o",
      path.join(rig.dir, "out"),
    ];
    const { exitCode, stderr } = await rig.slipway([...args, rig.contextDir], { env });
    assert.equal(exitCode, 0, stderr);
    const found = JSON.parse(readFileSync(metadata, "utf8")) as { "buildx.build.provenance": Provenance };
    const made = found["buildx.build.provenance"].runDetails.metadata as { buildkit_metadata: unknown };
    return made.buildkit_metadata;
  };
  assert.deepEqual(await vcs({}), {
    vcs: {
      "localdir:context": ".",
      "localdir:dockerfile": ".",
      revision,
      source: "https://example.com/app.git",
    },
  });
  assert.deepEqual(await vcs({ BUILDX_GIT_INFO: "false" }), {});
});

test("a build of nothing but what is named, without network, is hermetic", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  const metadata = path.join(rig.dir, "metadata.json");
  const isHermetic = async (text: string) => {
    const flags = ["--provenance=mode=min", "--metadata-file", metadata, "-o", path.join(rig.dir, "out")];
    const { exitCode, stderr } = await rig.slipway(["build", ...flags, "-"], { input: text });
    assert.equal(exitCode, 0, stderr);
    const found = JSON.parse(readFileSync(metadata, "utf8")) as { "buildx.build.provenance": Provenance };
    return (found["buildx.build.provenance"].runDetails.metadata as { buildkit_hermetic?: boolean })
      .buildkit_hermetic;
  };
  assert.equal(await isHermetic("FROM busybox\nRUN --network=none true\n"), true);
  assert.equal(await isHermetic("FROM busybox\nRUN true\n"), undefined);
});

interface Made {
  readonly layers: unknown;
}

interface BuildConfig {
  readonly llbDefinition: readonly { readonly id: string; readonly op: unknown; readonly inputs: unknown }[];
  readonly digestMapping: Readonly<Record<string, string>>;
}

interface Steps {
  readonly buildConfig?: BuildConfig;
  readonly buildDefinition: { readonly internalParameters: { readonly buildConfig: BuildConfig } };
}
