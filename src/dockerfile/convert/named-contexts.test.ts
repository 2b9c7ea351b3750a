import assert from "node:assert/strict";
import { test } from "node:test";
import type { NamedContext } from "../stages/index.ts";
import { FakeImages } from "./fake-images.ts";
import { convert, printGraph } from "./test-helpers.ts";

const files: NamedContext = { kind: "local" };
const namedContexts = (contexts: Record<string, NamedContext>) => ({
  namedContexts: new Map(Object.entries(contexts)),
});

test("FROM a directory makes a layer of it; copies and mounts read the directory itself", async () => {
  const { definition, config } = await convert(
    "FROM files AS base\nFROM base\nCOPY --from=files a /a\nRUN --mount=from=base,target=/m true\n",
    {
      ...namedContexts({ files }),
      namedContextIgnorePatterns: (name) => [`ignored-in-${name}`],
    },
  );
  assert.deepEqual(printGraph(definition), [
    "#0 local://files ignored-in-files",
    "#1 file on scratch: copy #0:/ / (copyDirContents createDestPath)",
    "#2 file on #1: copy #0:/a /a (followSymlink copyDirContents createDestPath allowWildcard allowEmptyWildcard)",
    "#3 exec on #2 in /: /bin/sh -c true bind:/m(input=#1,readonly=true)",
  ]);
  assert.deepEqual(config.config, {
    Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
    WorkingDir: "/",
  });
});

test("a directory in the place of a stage is read without a layer, and named apart from the main context", async () => {
  const { definition, localContexts } = await convert(
    "FROM alpine AS made\nFROM scratch\nCOPY --from=made a /a\nCOPY --from=context b /b\nCOPY c /c\n",
    namedContexts({ made: files, context: files }),
  );
  assert.deepEqual(localContexts, ["made", "_context", "context"]);
  assert.match(printGraph(definition).join("\n"), /#1 file on scratch: copy #0:\/a \/a/);
});

test("a stage that an image replaces has the image's config as it is, triggers and all", async () => {
  const settings = namedContexts({ build: { kind: "image", reference: "triggers" } });
  const { config, stagesBuilt } = await convert("FROM alpine AS build\nENV A=1\n", settings);
  assert.deepEqual(config.config.OnBuild, ["ENV TRIGGERED=yes", "COPY a.txt /onbuild/", "RUN true"]);
  assert.deepEqual(config.config.WorkingDir, "/base");
  assert.deepEqual(stagesBuilt, ["build"]);
});

test("an image that a context names is asked for only where it is used", async () => {
  const images = new FakeImages();
  const settings = namedContexts({
    alpine: { kind: "image", reference: "busybox" },
    unused: { kind: "image", reference: "nowhere" },
  });
  const { definition } = await convert("FROM alpine\n", { ...settings, resolver: images });
  assert.deepEqual(images.asked, ["amd64 [context alpine] load metadata for busybox"]);
  const [source] = definition.vertices.values();
  assert.equal(source?.metadata.description, "[context alpine] busybox");
});
