import assert from "node:assert/strict";
import { test } from "node:test";
import {
  digestOf,
  encodeImageConfig,
  encodeIndex,
  encodeManifest,
  type ImageConfig,
  mediaTypes,
  parseDiffID,
  parseImageConfig,
  parseManifest,
} from "./index.ts";

// The bytes below were written by BuildKit (docker build, docker save).
const built =
  '{"architecture":"amd64","config":{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","A=b\\u003c\\u0026\\u003eé"],"Cmd":["sh"]},"created":"2026-11-24T04:12:09.722800618Z","history":[{"created":"2026-11-24T03:54:36.719155991Z","comment":"Imported from -"},{"created":"2026-11-24T04:12:09.722800618Z","created_by":"RUN /bin/sh -c echo hi \\u003e /a # buildkit","comment":"buildkit.dockerfile.v0"},{"created":"2026-11-24T04:12:09.722800618Z","created_by":"ENV A=b\\u003c\\u0026\\u003eé","comment":"buildkit.dockerfile.v0","empty_layer":true}],"os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:fcb916ce21776ba18c3f13765d01134109a57fb3d966d91abe3ceb74ac3c9ce0","sha256:e0fe37c037198bfe61b0b5d6a0e1fd2b2885eda02453e3dbec6f3ad6b03d62ce"]}}';
const empty =
  '{"architecture":"amd64","config":{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"WorkingDir":"/"},"created":null,"history":null,"os":"linux","rootfs":{"type":"layers","diff_ids":null}}';

for (const [name, text] of [
  ["with layers and characters that Go escapes", built],
  ["of an empty image", empty],
] as const) {
  test(`an image config ${name} is written byte for byte as BuildKit writes it`, () => {
    assert.equal(encodeImageConfig(parseImageConfig(text)), text);
  });
}

test("every member has its place, maps are sorted by bytes, and empty members are left out", () => {
  const image: ImageConfig = {
    os: "linux",
    variant: "v7",
    architecture: "arm",
    "os.version": "1",
    author: "me",
    history: [],
    rootfs: { type: "layers", diff_ids: [parseDiffID(digestOf("a"))] },
    config: {
      Shell: ["/bin/bash", "-c"],
      OnBuild: ["RUN x"],
      Healthcheck: { Retries: 3, Interval: 30_000_000_000, Timeout: 0, Test: ["NONE"] },
      ArgsEscaped: false,
      StopSignal: "SIGINT",
      Labels: { é: "1", z: "2", "10": "3", "9": "4", "\u2028": "\u2029", a: "<" },
      WorkingDir: "/w",
      Volumes: { "/b": {}, "/a": {} },
      Cmd: [],
      Entrypoint: ["/e"],
      Env: [],
      ExposedPorts: { "8080/tcp": {}, "80/tcp": {} },
      User: "u",
    },
  };
  assert.equal(
    encodeImageConfig(image),
    '{"architecture":"arm","author":"me","config":{"User":"u","ExposedPorts":{"80/tcp":{},"8080/tcp":{}},"Entrypoint":["/e"],' +
      '"Volumes":{"/a":{},"/b":{}},"WorkingDir":"/w","Labels":{"10":"3","9":"4","a":"\\u003c","z":"2","é":"1","\\u2028":"\\u2029"},' +
      '"StopSignal":"SIGINT","Healthcheck":{"Test":["NONE"],"Interval":30000000000,"Retries":3},"OnBuild":["RUN x"],' +
      '"Shell":["/bin/bash","-c"]},"created":null,"history":null,"os":"linux","os.version":"1",' +
      `"rootfs":{"type":"layers","diff_ids":["${digestOf("a")}"]},"variant":"v7"}`,
  );
});

test("a manifest is indented by two spaces, and is read back", () => {
  const layer = { mediaType: mediaTypes.ociLayerGzip, digest: digestOf("l"), size: 2 };
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: { mediaType: mediaTypes.ociConfig, digest: digestOf("c"), size: 1 },
    layers: [layer],
  } as const;
  const text = encodeManifest(manifest);
  assert.equal(
    text,
    `{
  "schemaVersion": 2,
  "mediaType": "application/vnd.oci.image.manifest.v1+json",
  "config": {
    "mediaType": "application/vnd.oci.image.config.v1+json",
    "digest": "${digestOf("c")}",
    "size": 1
  },
  "layers": [
    {
      "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
      "digest": "${digestOf("l")}",
      "size": 2
    }
  ]
}`,
  );
  assert.deepEqual(parseManifest(text), manifest);
  assert.match(encodeManifest({ ...manifest, layers: [] }), /"layers": null\n/);
});

test("an index is written compact or indented", () => {
  const index = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    manifests: [
      {
        mediaType: mediaTypes.ociManifest,
        digest: digestOf("m"),
        size: 3,
        annotations: { b: "2", a: "1" },
        platform: { os: "linux", architecture: "arm", variant: "v7" },
      },
    ],
  } as const;
  assert.equal(
    encodeIndex(index, 0),
    `{"schemaVersion":2,"mediaType":"${mediaTypes.ociIndex}","manifests":[{"mediaType":"${mediaTypes.ociManifest}",` +
      `"digest":"${digestOf("m")}","size":3,"annotations":{"a":"1","b":"2"},"platform":{"architecture":"arm","os":"linux","variant":"v7"}}]}`,
  );
  assert.equal(encodeIndex(index), JSON.stringify(JSON.parse(encodeIndex(index, 0)), null, 2));
});
