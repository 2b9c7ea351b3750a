import assert from "node:assert/strict";
import { test } from "node:test";
import type { Platform } from "../../oci/index.ts";
import { FakeImages } from "./fake-images.ts";
import type { ImageConfigResolver } from "./options.ts";
import { convert, onlyOp } from "./test-helpers.ts";

const arm64: Platform = { os: "linux", architecture: "arm64" };
const armv7: Platform = { os: "linux", architecture: "arm", variant: "v7" };

const cross =
  "FROM --platform=$BUILDPLATFORM alpine AS build\nRUN make\nARG TARGETARCH\nRUN use $TARGETARCH\n" +
  "FROM alpine\nCOPY --from=build /x /x\n";

function names(text: string, platform: Platform) {
  return convert(text, { platform, isPlatformGiven: true, showPlatform: true }).then(({ definition }) =>
    [...definition.vertices.values()].map(({ metadata }) => metadata.description.replace(/@sha256:.*/, "")),
  );
}

test("steps of a build for several platforms tell theirs, and what a native stage works for", async () => {
  assert.deepEqual(await names(cross, arm64), [
    "[linux/amd64 build 1/3] FROM docker.io/library/alpine:latest",
    "[linux/arm64 stage-1 1/2] FROM docker.io/library/alpine:latest",
    "[linux/amd64 build 2/3] RUN make",
    "[linux/amd64->arm64 build 3/3] RUN use arm64",
    "[linux/arm64 stage-1 2/2] COPY --from=build /x /x",
  ]);
  const step = (await names("FROM --platform=$BUILDPLATFORM alpine\nARG TARGETARCH\nRUN x", armv7)).at(-1);
  assert.equal(step, "[linux/amd64->arm/v7 2/2] RUN x");
});

test("images are asked for by the platform of the stage that starts from them", async () => {
  const resolver = new FakeImages();
  await convert(cross, { platform: arm64, resolver, showPlatform: true });
  assert.deepEqual(resolver.asked, [
    "amd64 [linux/amd64 internal] load metadata for docker.io/library/alpine:latest",
    "arm64 [linux/arm64 internal] load metadata for docker.io/library/alpine:latest",
  ]);
});

test("native steps that use nothing of the target are equal for all targets", async () => {
  const digests = async (platform: Platform) => {
    const { definition } = await convert(cross, { platform, isPlatformGiven: true });
    return [...definition.vertices.values()]
      .filter(({ op }) => op.kind === "exec")
      .map(({ digest }) => digest);
  };
  const [first, second] = [await digests(arm64), await digests(armv7)];
  assert.equal(first[0], second[0]);
  assert.notEqual(first[1], second[1], "TARGETARCH is in its environment");
});

test("RUN is told what its programs are for", async () => {
  const { definition } = await convert("FROM alpine\nRUN x", { platform: armv7 });
  assert.deepEqual(onlyOp(definition, "exec").platform, armv7);
});

test("the image is for the platform that was asked for, whatever its base says", async () => {
  const images = new FakeImages();
  const base = { os: "linux", architecture: "arm", variant: "v6" };
  const resolver: ImageConfigResolver = {
    resolveImageConfig: async (reference, options) => {
      const image = await images.resolveImageConfig(reference, options);
      return { ...image, config: { ...image.config, ...base } };
    },
  };
  const configOf = async (settings: Parameters<typeof convert>[1]) => {
    const { config } = await convert("FROM alpine", { resolver, ...settings });
    return { os: config.os, architecture: config.architecture, variant: config.variant };
  };
  assert.deepEqual(await configOf({}), base, "nobody asked");
  assert.deepEqual(await configOf({ platform: armv7, isPlatformGiven: true }), armv7);
  assert.deepEqual(await configOf({ platform: arm64, isPlatformGiven: true }), {
    ...arm64,
    variant: undefined,
  });
  const plainArm = { os: "linux", architecture: "arm" };
  assert.deepEqual(await configOf({ platform: plainArm, isPlatformGiven: true }), base, "its variant stays");
});
