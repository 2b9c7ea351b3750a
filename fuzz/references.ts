import { parseGitReference } from "../src/llb/index.ts";
import { parseImageConfig, parseManifestOrIndex, parsePlatform, parseReference } from "../src/oci/index.ts";
import { mutateText } from "./mutate.ts";
import { allowRefusal, type FuzzTarget } from "./target.ts";

const gitCorpus = [
  "https://github.com/moby/buildkit.git#v0.1:sub/dir",
  "git@github.com:moby/buildkit.git?ref=main&subdir=a&keep-git-dir=1&submodules=false",
  "ssh://git@host:22/a%20b.git#:x",
  "git://host/~user/repo.git?checksum=0123456789abcdef&tag=v1",
  "github.com/moby/moby",
];

/** References to git repositories: read, or refused with an ordinary error. */
export const gitTarget: FuzzTarget = {
  generate: (random) => mutateText(random, random.pick(gitCorpus), gitCorpus),
  attempt: (input) => {
    try {
      parseGitReference(String(input));
    } catch (error) {
      if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError) throw error;
    }
  },
};

const imageCorpus = [
  "alpine",
  "docker.io/library/a:latest",
  "host:5000/a/b@sha256:" + "0".repeat(64),
  "linux/arm64/v8",
];

export const imageNameTarget: FuzzTarget = {
  generate: (random) => mutateText(random, random.pick(imageCorpus), imageCorpus),
  attempt: async (input) => {
    await allowRefusal(() => parseReference(String(input)));
    await allowRefusal(() => parsePlatform(String(input)));
  },
};

const digest = `sha256:${"0".repeat(64)}`;
const descriptor = { mediaType: "application/vnd.oci.image.layer.v1.tar", digest, size: 1 };
const jsonCorpus = [
  { schemaVersion: 2, config: descriptor, layers: [descriptor], annotations: { a: "b" } },
  {
    schemaVersion: 2,
    manifests: [{ ...descriptor, platform: { os: "linux", architecture: "arm", variant: "v7" } }],
  },
  {
    os: "linux",
    architecture: "amd64",
    config: {
      Env: ["A=1"],
      Cmd: ["x"],
      Healthcheck: { Test: ["NONE"], Interval: 1 },
      ExposedPorts: { "80/tcp": {} },
    },
    rootfs: { type: "layers", diff_ids: [digest] },
    history: [{ created: "2024-01-01T00:00:00Z", created_by: "x", empty_layer: true }],
  },
].map((value) => JSON.stringify(value));

/** Manifests, indexes and configs as registries and archives send them. */
export const imageJsonTarget: FuzzTarget = {
  generate: (random) =>
    mutateText(random, random.pick(jsonCorpus), [...jsonCorpus, "null", "[]", "{}", "1e999", '"x"']),
  attempt: async (input) => {
    await allowRefusal(() => parseManifestOrIndex(Buffer.from(input)));
    await allowRefusal(() => parseImageConfig(Buffer.from(input)));
  },
};
