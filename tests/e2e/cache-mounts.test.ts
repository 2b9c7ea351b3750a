import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { missingForContainers, Rig } from "./rig.ts";

const skip = missingForContainers();

test("--no-cache empties the cache mounts of the steps that run again, and no others", {
  skip,
}, async (t) => {
  const rig = await Rig.withBusybox(t);
  const count = (dir: string) => `echo x >> ${dir}/n && wc -l < ${dir}/n > ${dir}.count`;
  rig.file(
    "Dockerfile",
    `FROM busybox AS a
RUN --mount=type=cache,target=/c1 --mount=type=cache,target=/c2,id=two ${count("/c1")} && ${count("/c2")}
FROM busybox AS b
RUN --mount=type=cache,target=/c3 ${count("/c3")}
FROM scratch
COPY --from=a /*.count /
COPY --from=b /*.count /
`,
  );
  const counts = async (...args: string[]) => {
    const tree = await rig.exportTree(...args);
    return ["c1", "c2", "c3"].map((name) => readFileSync(path.join(tree, `${name}.count`), "utf8").trim());
  };
  assert.deepEqual(await counts(), ["1", "1", "1"]);
  rig.file(
    "Dockerfile",
    readFileSync(path.join(rig.contextDir, "Dockerfile"), "utf8").replaceAll("echo x", "echo y"),
  );
  assert.deepEqual(await counts(), ["2", "2", "2"]);
  assert.deepEqual(await counts("--no-cache-filter", "a"), ["1", "1", "2"]);
  assert.deepEqual(await counts("--no-cache"), ["1", "1", "1"]);
  assert.deepEqual(await counts("--no-cache", "--build-arg", "BUILDKIT_CACHE_MOUNT_NS=other"), [
    "1",
    "1",
    "1",
  ]);
});
