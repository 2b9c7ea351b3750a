import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { openStore, type Store } from "../content/index.ts";
import { digestOf } from "../oci/index.ts";
import { type ImageRecord, ImageStore, recordId, removeImage } from "./index.ts";

const app = "docker.io/library/app:latest";
const other = "localhost:5000/other:1";
const one = record("one");
const two = record("two");

test("an image is got by its name, and the name can be moved", (t) => {
  const { images, store } = rig(t);
  assert.equal(images.get(app), undefined);
  images.setName(app, images.putRecord(one));
  assert.deepEqual(images.get(app), one);
  images.setName(app, images.putRecord(two));
  assert.deepEqual(images.get(app), two);
  assert.deepEqual(readdirSync(store.temp.dir()), []);
});

test("a record has one id, whatever the order of its members", () => {
  const { config, layers } = one;
  assert.equal(recordId({ layers, config }), recordId({ config, layers }));
  assert.match(recordId(one), /^[0-9a-f]{64}$/);
});

test("images are found by name in any form, by id and by its beginning", (t) => {
  const { images } = rig(t);
  const id = images.putRecord(one);
  images.setName(app, id);
  for (const typed of ["app", "app:latest", "library/app", app, id, `sha256:${id}`, id.slice(0, 12)]) {
    assert.deepEqual(images.find(typed).record, one, typed);
  }
  for (const typed of ["app:2", "missing", "", "sha256:", "../x", "APP", `${id}0`]) {
    assert.throws(() => images.find(typed), {
      code: "IMAGE_NOT_FOUND",
      message: `No such image: ${typed}`,
    });
  }
});

test("a name wins over the beginning of an id, and an ambiguous beginning is refused", (t) => {
  const { images } = rig(t);
  const ids = [];
  for (let number = 0; ids.filter((id) => id.startsWith("a")).length < 2; number++) {
    ids.push(images.putRecord(record(String(number))));
  }
  assert.throws(() => images.find("a"), {
    code: "AMBIGUOUS_ID",
    message: 'Cannot find image "a": several ids begin like this',
  });
  images.setName("docker.io/library/a:latest", ids[0]!);
  assert.equal(images.find("a").recordId, ids[0]);
});

test("images are listed with their names, newest first", async (t) => {
  const { images, store } = rig(t);
  const first = images.putRecord(one);
  images.setName(other, first);
  images.setName(app, first);
  utimesSync(path.join(store.paths.imageRecords, `${images.putRecord(two)}.json`), 1, 1);
  const listed = images.list().map(({ recordId: id, names }) => ({ id, names }));
  assert.deepEqual(listed, [
    { id: first, names: [app, other] },
    { id: recordId(two), names: [] },
  ]);
});

test("the id is the config's digest as soon as every diffID is known", (t) => {
  const { images } = rig(t);
  const id = images.putRecord(one);
  images.setName(app, id);
  assert.equal(images.find(app).id, `sha256:${id}`);
  const scratch = { ...one, layers: [] };
  images.setName(app, images.putRecord(scratch));
  const config =
    '{"architecture":"amd64","config":{"User":"one"},"created":null,"history":null,"os":"linux","rootfs":{"type":"layers","diff_ids":null}}';
  assert.equal(images.find(app).id, digestOf(config));
});

const damaged = ["", "{}", '{"config":{}}', JSON.stringify({ ...one, layers: [] })];
for (const text of damaged) {
  test(`a record file that holds ${JSON.stringify(text).slice(0, 40)} counts as absent and is written again`, (t) => {
    const { images, store } = rig(t);
    const id = images.putRecord(one);
    images.setName(app, id);
    writeFileSync(path.join(store.paths.imageRecords, `${id}.json`), text);
    assert.equal(images.get(app), undefined);
    assert.deepEqual(images.list(), []);
    images.setName(app, images.putRecord(one));
    assert.deepEqual(images.get(app), one);
  });
}

test("a damaged name counts as absent", (t) => {
  const { images, store } = rig(t);
  images.setName(app, images.putRecord(one));
  const [file] = readdirSync(store.paths.imageNames);
  for (const text of ["", "[]", `{"name":"${app}","record":"../x","updatedAtMs":1}`]) {
    writeFileSync(path.join(store.paths.imageNames, file!), text);
    assert.equal(images.get(app), undefined);
    assert.deepEqual(images.list()[0]!.names, []);
  }
});

test("a name is only given to a record that exists", (t) => {
  const { images } = rig(t);
  assert.throws(() => images.setName(app, "0".repeat(64)), { code: "IMAGE_NOT_FOUND" });
});

test("a name with a digest is only given to the image that has it", (t) => {
  const { images } = rig(t);
  const digests = ["a", "b", "c"].map((text) => digestOf(text));
  const [index, manifest, config] = digests.map((digest) => ({ mediaType: "x", digest, size: 1 }));
  const origin = { digest: index!.digest, manifest: manifest!, config: config! };
  const pulled = images.putRecord({ ...one, layers: [], origin });
  const several = images.putRecord({ kind: "index", images: [], origin: { digest: index!.digest } });
  const pinned = (digest: string) => `docker.io/library/app@${digest}`;
  images.setName(pinned(index!.digest), pulled);
  images.setName(pinned(manifest!.digest), pulled);
  images.setName(pinned(index!.digest), several);
  for (const [digest, id] of [
    [config!.digest, pulled],
    [manifest!.digest, several],
    [config!.digest, images.putRecord(one)],
  ] as const) {
    const names = new Map([
      ["docker.io/library/fine:latest", id],
      [pinned(digest), id],
    ]);
    assert.throws(() => images.setNames(names), {
      code: "NAME_MISMATCH",
      message: `Cannot name an image "app@${digest}": its digest is another`,
    });
  }
  assert.equal(images.get("docker.io/library/fine:latest"), undefined);
});

test("many names are set at once, each to its record", (t) => {
  const { images, store } = rig(t);
  const [first, second] = [images.putRecord(one), images.putRecord(two)];
  new ImageStore(store).removeRecord(second);
  const tags = Array.from({ length: 150 }, (_, index) => `docker.io/library/app:t${index}`);
  images.setNames(new Map(tags.map((name, index) => [name, index < 100 ? first : second])));
  for (const [index, name] of tags.entries()) assert.deepEqual(images.get(name), index < 100 ? one : two);
  assert.deepEqual(new Set(images.list().map(({ names }) => names.length)), new Set([100, 50]));
  assert.deepEqual(readdirSync(store.temp.dir()), []);
});

test("a record that another process removes before it gets its name comes back", (t) => {
  const { images, store } = rig(t);
  const id = images.putRecord(one);
  assert.equal(new ImageStore(store).removeRecord(id), true);
  images.setName(app, id);
  assert.deepEqual(images.get(app), one);
  assert.equal(images.removeRecord(id), false, "it has a name");
});

test("records of the same image are shown, found and removed as one", (t) => {
  const { images } = rig(t);
  const scratch = { ...one, layers: [] };
  const byWay = (target: string) => ({ ...scratch, build: { target, dockerfile: "Dockerfile" } });
  const [first, second] = [images.putRecord(byWay("a")), images.putRecord(byWay("b"))];
  images.setName(app, first);
  images.setName("docker.io/library/app:v1", second);
  const [image, ...more] = images.list();
  assert.equal(more.length, 0);
  assert.deepEqual(image!.names, [app, "docker.io/library/app:v1"]);
  for (const typed of ["app", "app:v1", image!.id, image!.id.slice(7, 15), first, second]) {
    assert.equal(images.find(typed).id, image!.id, typed);
  }
  assert.deepEqual(removeImage(images, "app:v1"), { untagged: ["docker.io/library/app:v1"] });
  assert.deepEqual(removeImage(images, image!.id), { untagged: [app], deleted: image!.id });
  assert.deepEqual(images.listRecords(), []);
});

test("rmi by name takes the name, and the image with its last name", (t) => {
  const { images } = rig(t);
  const id = images.putRecord(one);
  images.setName(app, id);
  images.setName(other, id);
  assert.deepEqual(removeImage(images, "app"), { untagged: [app] });
  assert.deepEqual(removeImage(images, "localhost:5000/other:1"), {
    untagged: [other],
    deleted: `sha256:${id}`,
  });
  assert.deepEqual(images.list(), []);
  assert.throws(() => removeImage(images, "app"), { message: "No such image: app" });
});

test("rmi by id takes all names of one repository", (t) => {
  const { images } = rig(t);
  const id = images.putRecord(one);
  const names = [app, "docker.io/library/app:v1"];
  for (const name of names) images.setName(name, id);
  assert.deepEqual(removeImage(images, id.slice(0, 12)), { untagged: names, deleted: `sha256:${id}` });
});

test("rmi by id refuses names of several repositories, unless forced", (t) => {
  const { images } = rig(t);
  const id = images.putRecord(one);
  for (const name of [app, other]) images.setName(name, id);
  assert.throws(() => removeImage(images, id), {
    code: "IMAGE_IN_USE",
    message: `Cannot remove image ${id}: it is referenced in multiple repositories (app, localhost:5000/other)`,
    hint: "remove its names one by one, or use --force",
  });
  assert.deepEqual(images.list()[0]!.names, [app, other]);
  assert.deepEqual(removeImage(images, id, { force: true }), {
    untagged: [app, other],
    deleted: `sha256:${id}`,
  });
});

function record(user: string): ImageRecord {
  return {
    config: { architecture: "amd64", os: "linux", config: { User: user }, history: [] },
    layers: [{ kind: "directory", layer: "0123456789ab", identity: "i" }],
  };
}

function rig(t: TestContext): { store: Store; images: ImageStore } {
  const dir = mkdtempSync(path.join(tmpdir(), "slipway-images-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const store = openStore(dir);
  return { store, images: new ImageStore(store) };
}
