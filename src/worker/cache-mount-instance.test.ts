import assert from "node:assert/strict";
import { linkSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { openStore } from "../content/index.ts";
import { noteName } from "./cache-mount-instance.ts";

const name = { namespace: "default", id: "/c", base: "" };

test("whoever reads a cache mount's name while it is written has the old one or the new one, whole", (t) => {
  const { directory, temp, file } = rig(t);
  noteName(directory, { ...name, id: "/a much longer one" }, temp);
  linkSync(file, path.join(directory, "opened before")); // what a reader has open
  noteName(directory, name, temp);
  const read = (other: string) => JSON.parse(readFileSync(path.join(directory, other), "utf8")) as unknown;
  assert.deepEqual(read("opened before"), { ...name, id: "/a much longer one" });
  assert.deepEqual(read("cache.json"), name);
  assert.deepEqual(readdirSync(temp.dir()), []);
});

test("a cache mount's name that is there already is not written again", (t) => {
  const { directory, temp, file } = rig(t);
  noteName(directory, name, temp);
  const { ino, ctimeMs } = statSync(file);
  noteName(directory, name, temp);
  assert.deepEqual({ ino, ctimeMs }, { ino: statSync(file).ino, ctimeMs: statSync(file).ctimeMs });
});

function rig(t: { after: (clean: () => void) => void }) {
  const directory = mkdtempSync(path.join(tmpdir(), "slipway-mount-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const { temp } = openStore(path.join(directory, "store"));
  return { directory, temp, file: path.join(directory, "cache.json") };
}
