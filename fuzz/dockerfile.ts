import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import {
  convertTarget,
  type ImageConfigResolver,
  lintDockerfile,
  listTargets,
  parseDockerfile,
  parseSyntax,
  printDockerfile,
  resolveStages,
} from "../src/dockerfile/index.ts";
import type { Digest } from "../src/oci/index.ts";
import { mutateText } from "./mutate.ts";
import { allowRefusal, type FuzzTarget } from "./target.ts";

const corpus = readCorpus();

/** Mutated Dockerfiles of the conformance cases: parsed, printed and parsed again, checked, and converted to a graph. */
export const dockerfileTarget: FuzzTarget = {
  generate: (random) => mutateText(random, random.pick(corpus), corpus),
  attempt: async (input) => {
    const text = String(input);
    await allowRefusal(() => assertPrintsStable(text));
    await allowRefusal(() => convert(text));
  },
};

function assertPrintsStable(text: string): void {
  const printed = printDockerfile(parseSyntax(text, "Dockerfile"));
  assert.equal(printDockerfile(parseSyntax(printed, "Dockerfile")), printed);
}

async function convert(text: string): Promise<void> {
  const dockerfile = parseDockerfile(text);
  const platform = { os: "linux", architecture: "amd64" };
  const buildArgs = { A: "given", V: "2" };
  const graph = resolveStages(dockerfile, { buildArgs, platform, buildPlatform: platform });
  listTargets(dockerfile);
  lintDockerfile(graph, { graph });
  await convertTarget(graph, {}, anyImage);
}

const anyImage: ImageConfigResolver = {
  resolveImageConfig: async (reference, { platform }) => ({
    reference,
    digest: `sha256:${"0".repeat(64)}` as Digest,
    config: {
      ...platform,
      config: { Env: ["PATH=/bin"], OnBuild: ["RUN trigger", "COPY a b"] },
      history: [],
      rootfs: { type: "layers", diff_ids: [] },
    },
  }),
};

function readCorpus(): readonly string[] {
  const directory = "conformance/cases";
  return readdirSync(directory).flatMap((file) => {
    const cases = parse(readFileSync(path.join(directory, file), "utf8")) as Record<
      string,
      string | { dockerfile: string }
    >;
    return Object.values(cases).map((one) => (typeof one === "string" ? one : one.dockerfile));
  });
}
