import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { type Attested, builtLayout, packageNames } from "./read-attestations.ts";
import { missingForContainers, Rig } from "./rig.ts";

const skip = missingForContainers();

interface Spdx {
  readonly name: string;
  readonly packages: readonly { readonly name: string; readonly versionInfo: string }[];
}

test("packages of an image and of a stage are listed, upper layers hiding lower ones", {
  skip,
}, async (t) => {
  const rig = await Rig.withBusybox(t);
  rig.file(
    "Dockerfile",
    `FROM busybox AS base
RUN mkdir -p /lib/apk/db && printf 'P:musl\\nV:1.0\\nA:x86_64\\nL:MIT\\n\\n' > /lib/apk/db/installed
FROM base AS app
RUN printf 'P:musl\\nV:1.1\\nA:x86_64\\nL:MIT\\n\\n' > /lib/apk/db/installed
FROM busybox AS rpm
RUN mkdir -p /var/lib/rpm && touch /var/lib/rpm/rpmdb.sqlite
`,
  );
  await rig.mustBuild("--target=app", "-t", "app:1");
  const sbom = async (...args: string[]) => await rig.slipway(["sbom", "--context", rig.contextDir, ...args]);
  const image = await sbom("app:1");
  assert.equal(image.exitCode, 0, image.stderr);
  const listed = (text: string) =>
    (JSON.parse(text) as Spdx).packages.slice(1).map(({ name, versionInfo }) => `${name} ${versionInfo}`);
  assert.deepEqual(listed(image.stdout), ["musl 1.1"]);
  assert.equal((await sbom("app:1")).stdout, image.stdout);
  assert.deepEqual(listed((await sbom("base")).stdout), ["musl 1.0"]);
  assert.match(
    (await sbom("--format", "cyclonedx-json", "app")).stdout,
    /"purl": "pkg:apk\/alpine\/musl@1.1/,
  );
  const rpm = await sbom("rpm");
  assert.equal(rpm.exitCode, 2);
  assert.match(
    rpm.stderr,
    /Cannot list the packages of rpm: "\/var\/lib\/rpm\/rpmdb.sqlite" is no database of rpm that can be read: it ends before byte 100/,
  );
});

test("what was scanned is not scanned again, until it is pruned", { skip }, async (t) => {
  const rig = await Rig.withBusybox(t);
  const list = "printf 'P:musl\\nV:1.0\\nA:x86_64\\n\\n' > /lib/apk/db/installed";
  rig.file("Dockerfile", `FROM busybox\nRUN mkdir -p /lib/apk/db && ${list}\n`);
  await rig.mustBuild("-t", "app", "--sbom=true");
  const sbom = async () => (await rig.slipway(["sbom", "app"])).stdout;
  const first = await sbom();
  // Only a scan would see a change behind Slipway's back.
  for (const file of findFiles(path.join(rig.root, "layers"), "installed")) rmSync(file);
  await rig.slipway(["prune", "--force"]);
  assert.equal(await sbom(), first);
  await rig.mustBuild("-t", "app", "--sbom=true");
  assert.equal(await sbom(), first);

  const kept = () => findFiles(path.join(rig.root, "cache"), ".json").filter(isAboutLayer);
  assert.equal(kept().length, 1);
  await rig.slipway(["rmi", "app"]);
  await rig.slipway(["prune", "--all", "--force"]);
  assert.deepEqual(kept(), []);
});

test("stages and the context are listed beside the target where the file asks for it", {
  skip,
}, async (t) => {
  const rig = await Rig.withBusybox(t);
  const install = (name: string) => `RUN printf 'P:${name}\\nV:1\\nA:x86_64\\n\\n' > /lib/apk/db/installed`;
  rig.file(
    "Dockerfile",
    `ARG BUILDKIT_SBOM_SCAN_CONTEXT
FROM busybox AS base
RUN mkdir -p /lib/apk/db
FROM base AS build
ARG BUILDKIT_SBOM_SCAN_STAGE=true
${install("gcc")}
FROM base AS other
ARG BUILDKIT_SBOM_SCAN_STAGE=true
RUN false
FROM base
${install("musl")}
RUN env > /env
COPY --from=build /bin/busybox /tool
`,
  );
  for (const name of ["left-pad", "ignored"])
    rig.file(`node_modules/${name}/package.json`, JSON.stringify({ name, version: "1.0.0" }));
  rig.file(".dockerignore", "node_modules/ignored\n");
  const dest = path.join(rig.dir, "out");
  const flags = ["--sbom=true", "--build-arg", "BUILDKIT_SBOM_SCAN_CONTEXT=true", "--reproducible"];
  const { stderr } = await rig.mustBuild(...flags, "-t", "app", "-o", dest);
  const listed = (file: string) => {
    const { predicate } = JSON.parse(readFileSync(path.join(dest, file), "utf8")) as { predicate: Spdx };
    return [predicate.name, ...predicate.packages.slice(1).map(({ name }) => name)];
  };
  assert.deepEqual(
    readdirSync(dest).filter((name) => name.startsWith("sbom")),
    ["sbom-build.spdx.json", "sbom-context.spdx.json", "sbom.spdx.json"],
  );
  assert.deepEqual(listed("sbom-build.spdx.json"), ["build", "gcc"]);
  assert.deepEqual(listed("sbom-context.spdx.json"), ["context", "left-pad"]);
  assert.deepEqual(listed("sbom.spdx.json").slice(1), ["musl"]);
  assert.ok(!readFileSync(path.join(dest, "env"), "utf8").includes("BUILDKIT_SBOM"));
  assert.ok(!stderr.includes("BUILDKIT_SBOM"), stderr);

  const archive = await builtLayout(rig, ...flags);
  const [{ manifest, statements }] = archive.attested as [Attested];
  const types = manifest.layers!.map(({ annotations }) => annotations!["in-toto.io/predicate-type"]);
  assert.deepEqual(types, Array(3).fill("https://spdx.dev/Document"));
  assert.deepEqual(statements.map(packageNames), [["musl"], ["left-pad"], ["gcc"]]);
  // The image's own list is what is shown.
  const attached = JSON.parse((await rig.slipway(["sbom", "--attached", "app"])).stdout) as Spdx;
  assert.deepEqual(
    attached.packages.slice(1).map(({ name }) => name),
    ["musl"],
  );
  await rig.mustBuild("-t", "app", "-o", `${dest}2`);
  assert.deepEqual(
    readdirSync(`${dest}2`).filter((name) => name.startsWith("sbom")),
    [],
  );
});

function isAboutLayer(file: string): boolean {
  return readFileSync(file, "utf8").startsWith('{"about"');
}

function findFiles(directory: string, ending: string): readonly string[] {
  const found = readdirSync(directory, { recursive: true, encoding: "utf8" });
  return found.filter((name) => name.endsWith(ending)).map((name) => path.join(directory, name));
}
