import assert from "node:assert/strict";
import { test } from "node:test";
import { buildKitCases } from "./buildkit-cases.ts";
import { convert } from "./test-helpers.ts";

for (const expected of buildKitCases()) {
  test(`as BuildKit: ${expected.name}`, async () => {
    const { config, baseImage, definition } = await convert(expected.dockerfile, expected);
    assert.equal(JSON.stringify(config.config), expected.config);
    assert.equal(config.author, expected.author);
    const history = config.history.slice(baseImage?.config.history.length ?? 0);
    assert.deepEqual(
      history.map((entry) => `${entry.empty_layer ? "- " : ""}${entry.created_by}`),
      expected.history,
    );
    assert.ok(history.every((entry) => entry.comment === "buildkit.dockerfile.v0"));
    const steps = [...definition.vertices.values()].map(({ metadata }) => metadata.description);
    const shown = steps.filter((step) => !step.startsWith("[internal]"));
    assert.deepEqual(shown.map((step) => step.replace(/@sha256:\w+/, "")).sort(), expected.steps);
  });
}
