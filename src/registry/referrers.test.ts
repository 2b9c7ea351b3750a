import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Descriptor,
  type Digest,
  digestOf,
  type ImageReference,
  mediaTypes,
  parseIndex,
} from "../oci/index.ts";
import type { PushImage } from "./push-image.ts";
import { failure, type PullRig, startPullRig } from "./testing/pull-rig.ts";

const subject: Descriptor = {
  mediaType: mediaTypes.ociManifest,
  digest: digestOf("subject"),
  size: 7,
};
const tag = `sha256-${subject.digest.slice("sha256:".length)}`;

for (const [title, options] of [
  ["a registry that knows subjects", { referrersPerPage: 2 }],
  ["a registry that knows none, by the tag scheme", {}],
] as const) {
  test(`referrers are found in ${title}`, async () => {
    await using rig = await startPullRig(options);
    const pushed: Digest[] = [];
    for (const [text, type] of [
      ["1", "text/a"],
      ["2", "text/b"],
      ["3", "text/a"],
    ] as const) {
      const artifact = artifactOf(text, type);
      await rig.client.push([place(rig)], artifact.image);
      pushed.push(artifact.digest);
    }
    const all = await list(rig);
    assert.deepEqual(
      all.map(({ digest, artifactType, annotations }) => [digest, artifactType, annotations]),
      pushed.map((digest, index) => [
        digest,
        ["text/a", "text/b", "text/a"][index],
        { text: String(index + 1) },
      ]),
    );
    assert.deepEqual(
      (await list(rig, "text/b")).map(({ digest }) => digest),
      [pushed[1]],
    );
    assert.equal(rig.registry.manifests.has(`app:${tag}`), !("referrersPerPage" in options));
    await rig.client.push([place(rig)], artifactOf("1", "text/a").image);
    assert.equal((await list(rig)).length, 3, "the same is not listed twice");
  });
}

test("a manifest that nothing is about has no referrers", async () => {
  for (const options of [{ referrersPerPage: 9 }, {}]) {
    await using rig = await startPullRig(options);
    assert.deepEqual(await list(rig), []);
  }
});

test("what a registry lists besides does not hide the referrers that are understood, however many there are", async () => {
  const of = (digest: string, size = 5) => ({ mediaType: mediaTypes.ociManifest, digest, size });
  const known = Array.from({ length: 1500 }, (_, index) => of(digestOf(String(index))));
  const odd = [of(`sha512:${"0".repeat(128)}`), null, of(digestOf("x"), -1)];
  for (const options of [{ referrersPerPage: 9 }, {}]) {
    await using rig = await startPullRig(options);
    const hasApi = "referrersPerPage" in options;
    const manifests = hasApi ? [...odd, ...known] : known;
    const body = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests }));
    const headers = { "content-type": mediaTypes.ociIndex };
    if (hasApi) rig.registry.fail("GET", /referrers/, { kind: "answer", status: 200, headers, body });
    else rig.registry.addManifest("app", tag, body, mediaTypes.ociIndex);
    assert.deepEqual(
      (await list(rig)).map(({ digest }) => digest),
      known.map(({ digest }) => digest),
    );
  }
});

test("what a mirror lists counts beside the registry's own list, and alone where the registry cannot be reached", async () => {
  await using mirror = await startPullRig({ referrersPerPage: 9 });
  const mirrors = [{ host: mirror.registry.host, scheme: "http", prefix: "" }] as const;
  const configuration = (host: string) => ({ registries: { [host]: { insecure: true, mirrors } } });
  await using rig = await startPullRig({ configuration });
  const [old, recent] = [artifactOf("old", "text/a"), artifactOf("recent", "text/a")];
  await mirror.client.push([place(mirror)], old.image);
  for (const { image } of [old, recent]) await rig.client.push([place(rig)], image);
  const about = { ...place(rig), digest: subject.digest };
  const listed = () => rig.client.listReferrers(about);
  const found = async () => (await listed()).map(({ digest }) => digest);
  assert.deepEqual(new Set(await found()), new Set([old.digest, recent.digest]));
  rig.registry.fail("GET", /./, { kind: "answer", status: 403 }, 100);
  assert.equal((await failure(listed())).code, "DENIED");
  await rig.registry[Symbol.asyncDispose]();
  assert.deepEqual(await found(), [old.digest]);
});

test("writers that meet at the fallback tag lose nothing", async () => {
  await using rig = await startPullRig();
  const artifacts = Array.from({ length: 5 }, (_, index) => artifactOf(String(index), "text/a"));
  await Promise.all(artifacts.map(({ image }) => rig.client.push([place(rig)], image)));
  const found = (await list(rig)).map(({ digest }) => digest);
  assert.deepEqual(new Set(found), new Set(artifacts.map(({ digest }) => digest)));
});

test("what a writer of another machine overwrites is written again, and what it wrote stays", async () => {
  await using rig = await startPullRig();
  const { manifests } = rig.registry;
  const other = {
    mediaType: mediaTypes.ociManifest,
    digest: digestOf("other"),
    size: 5,
    artifactType: "text/z",
  };
  const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [other] };
  const set = manifests.set.bind(manifests);
  let writes = 0;
  manifests.set = (key, value) => {
    const isFirst = key === `app:${tag}` && writes++ === 0;
    return set(
      key,
      isFirst ? { mediaType: mediaTypes.ociIndex, bytes: Buffer.from(JSON.stringify(index)) } : value,
    );
  };
  const { image, digest } = artifactOf("1", "text/a");
  await rig.client.push([place(rig)], image);
  const written = parseIndex(manifests.get(`app:${tag}`)!.bytes).manifests;
  assert.deepEqual(
    written.map((each) => each.digest),
    [other.digest, digest],
  );
});

test("what another tool says in the fallback index stays", async () => {
  await using rig = await startPullRig();
  const other = {
    mediaType: mediaTypes.ociManifest,
    digest: digestOf("other"),
    size: 5,
    artifactType: "text/z",
  };
  const index = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    manifests: [other],
    annotations: { a: "b" },
  };
  rig.registry.addManifest("app", tag, Buffer.from(JSON.stringify(index)), mediaTypes.ociIndex);
  const { image, digest } = artifactOf("1", "text/a");
  await rig.client.push([place(rig)], image);
  const written = parseIndex(rig.registry.manifests.get(`app:${tag}`)!.bytes);
  assert.deepEqual(written.annotations, { a: "b" });
  assert.deepEqual(
    written.manifests.map((each) => each.digest),
    [other.digest, digest],
  );
});

test("a tag that is no index of referrers is not written over", async () => {
  await using rig = await startPullRig();
  rig.registry.addImage("app", tag, { layers: [] });
  const before = rig.registry.manifests.get(`app:${tag}`);
  const { code, message } = await failure(rig.client.push([place(rig)], artifactOf("1", "text/a").image));
  assert.equal(code, "BAD_RESPONSE");
  assert.equal(message, `Cannot push ${rig.registry.host}/app: tag ${tag} is no index of referrers`);
  assert.equal(rig.registry.manifests.get(`app:${tag}`), before);
});

test("a list of referrers that does not end, or leads elsewhere, is refused", async () => {
  await using endless = await startPullRig({ referrersPerPage: 0 });
  await endless.client.push([place(endless)], artifactOf("1", "text/a").image);
  assert.match((await failure(list(endless))).message, /the list of its referrers has no end$/);
  const link = '<http://elsewhere.example/v2/app/referrers/x>; rel="next"';
  endless.registry.fail("GET", /referrers/, {
    kind: "answer",
    status: 200,
    headers: { "content-type": mediaTypes.ociIndex, link },
    body: '{"schemaVersion":2,"manifests":[]}',
  });
  assert.match((await failure(list(endless))).message, /its next page is of another server$/);
});

test("a next page whose scheme is that behind a proxy is asked for as the registry is", async () => {
  await using rig = await startPullRig({ referrersPerPage: 2 });
  const { image, digest } = artifactOf("1", "text/a");
  await rig.client.push([place(rig)], image);
  rig.registry.fail("GET", /referrers/, {
    kind: "answer",
    status: 200,
    headers: {
      "content-type": mediaTypes.ociIndex,
      link: `<https://${rig.registry.host}/v2/app/referrers/${subject.digest}?from=0>; rel="next"`,
    },
    body: '{"schemaVersion":2,"manifests":[]}',
  });
  assert.deepEqual(
    (await list(rig)).map((each) => each.digest),
    [digest],
  );
});

test("a page for people in place of an answer means that there is no such API", async () => {
  await using rig = await startPullRig();
  const { image, digest } = artifactOf("1", "text/a");
  await rig.client.push([place(rig)], image);
  rig.registry.fail("GET", /referrers/, { kind: "answer", status: 405 });
  assert.deepEqual(
    (await list(rig)).map((each) => each.digest),
    [digest],
  );
});

function place(rig: PullRig): ImageReference {
  const { domain, path } = rig.reference("app");
  return { domain, path };
}

function list(rig: PullRig, artifactType?: string) {
  return rig.client.listReferrers({ ...place(rig), digest: subject.digest }, artifactType);
}

function artifactOf(text: string, artifactType: string): { image: PushImage; digest: Digest } {
  const layer = Buffer.from(text);
  const config = Buffer.from("{}");
  const describe = (bytes: Buffer, mediaType: string) => ({
    mediaType,
    digest: digestOf(bytes),
    size: bytes.length,
  });
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      artifactType,
      config: describe(config, mediaTypes.ociEmpty),
      layers: [describe(layer, "text/plain")],
      subject,
      annotations: { text },
    }),
  );
  const blob = (content: Buffer) => ({
    descriptor: describe(content, "text/plain"),
    open: async function* () {
      yield await Promise.resolve(content);
    },
  });
  const document = { descriptor: describe(bytes, mediaTypes.ociManifest), bytes };
  return {
    image: { blobs: [blob(config), blob(layer)], documents: [], referrers: [document] },
    digest: digestOf(bytes),
  };
}
