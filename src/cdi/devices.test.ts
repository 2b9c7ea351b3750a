import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { allowDevices } from "./allow-devices.ts";
import { DeviceRegistry, specDirs } from "./device-registry.ts";

const vendor = `cdiVersion: "0.6.0"
kind: vendor1.com/device
annotations:
  org.mobyproject.buildkit.device.class: class1
containerEdits:
  env: [ALL=1]
devices:
  - name: foo
    containerEdits: {env: [FOO=1]}
  - name: bar
    annotations: {org.mobyproject.buildkit.device.autoallow: true}
    containerEdits: {env: [BAR=1]}
  - name: qux
    annotations: {org.mobyproject.buildkit.device.class: class2}
    containerEdits: {env: [QUX=1]}
`;

/** A registry over directories with these files. */
function registry(t: TestContext, ...directories: Readonly<Record<string, string>>[]): DeviceRegistry {
  const root = mkdtempSync(path.join(tmpdir(), "slipway-cdi-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const paths = directories.map((files, index) => {
    const directory = path.join(root, String(index));
    mkdirSync(directory);
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(directory, name), text);
    return directory;
  });
  return DeviceRegistry.read([...paths, path.join(root, "none")]);
}

test("a request means one device, the first of a kind, all of it, or those of a class", (t) => {
  const devices = registry(t, { "a.yaml": vendor, "ignored.txt": vendor });
  const table: [request: string, names: string[]][] = [
    ["vendor1.com/device", ["bar"]],
    ["vendor1.com/device=foo", ["foo"]],
    ["vendor1.com/device=*", ["bar", "foo", "qux"]],
    ["vendor1.com/device=class1", ["bar", "foo"]],
    ["vendor1.com/device=class2", ["qux"]],
    ["vendor1.com/device=none", []],
    ["other.com/device", []],
  ];
  for (const [name, names] of table) {
    const want = names.map((each) => `vendor1.com/device=${each}`);
    assert.deepEqual(devices.find({ name, required: false }), want, name);
  }
  assert.throws(() => devices.find({ name: "other.com/device", required: true }), {
    code: "DEVICE_NOT_FOUND",
    message: 'required device "other.com/device" is not registered',
  });
  for (const name of ["gpu", "1a.com/x", "a.com/", "/x=y", "", "a.com/x/../y"])
    assert.throws(() => devices.find({ name, required: false }), { message: `invalid device "${name}"` });
});

test("a device is lent when the caller allows it or its specification does", (t) => {
  const devices = registry(t, { "a.yaml": vendor });
  const ask = (name: string, ...allowed: { name: string; alias?: string }[]) =>
    allowDevices(devices, [{ name, required: true }], allowed);
  const [foo, bar, qux] = ["foo", "bar", "qux"].map((name) => `vendor1.com/device=${name}`);
  assert.deepEqual(ask(bar!), [bar]);
  assert.deepEqual(ask(foo!, { name: foo! }), [foo]);
  assert.deepEqual(ask("gpu", { name: foo!, alias: "gpu" }), [foo]);
  assert.deepEqual(ask("vendor1.com/device=*", { name: "vendor1.com/device=*" }), [bar, foo, qux]);
  assert.deepEqual(allowDevices(devices, [{ name: foo!, required: true }], "all"), [foo]);
  assert.throws(() => ask(foo!, { name: qux! }), {
    code: "DEVICE_NOT_ALLOWED",
    message: `device ${foo} is requested by the build but not allowed`,
  });
  assert.throws(() => ask("vendor1.com/device=*"), {
    message: `devices ${foo}, ${qux} are requested by the build but not allowed`,
  });
});

test("edits are those of the file once, then those of each device", (t) => {
  const devices = registry(t, { "a.yaml": vendor });
  const names = ["foo", "qux"].map((name) => `vendor1.com/device=${name}`);
  assert.deepEqual(devices.edits(names).env, ["ALL=1", "FOO=1", "QUX=1"]);
});

const spec = (edits: object, kind = "a.com/b") =>
  JSON.stringify({ cdiVersion: "1.0.0", kind, devices: [{ name: "x", containerEdits: edits }] });

test("a later directory counts, two files of one directory cancel each other", (t) => {
  const first = { "a.json": spec({ env: ["A=1"] }), "c.json": spec({ env: ["C=1"] }, "c.com/d") };
  const second = { "a.json": spec({ env: ["A=2"] }) };
  assert.deepEqual(registry(t, first, second).edits(["a.com/b=x", "c.com/d=x"]).env, ["A=2", "C=1"]);
  const twice = registry(t, { ...second, "b.json": spec({ env: ["A=3"] }) });
  assert.deepEqual(twice.find({ name: "a.com/b=x", required: false }), []);
});

test("nodes, mounts, hooks and groups are read whole", (t) => {
  const edits = {
    env: null,
    deviceNodes: [
      { path: "/dev/x", hostPath: "/dev/null", permissions: "rw", fileMode: 384, uid: 5, type: "u" },
    ],
    mounts: [{ hostPath: "/a", containerPath: "/b", options: ["ro"] }],
    hooks: [{ hookName: "createContainer", path: "/bin/true", args: ["true"], env: ["A=b"], timeout: 3 }],
    additionalGids: [0, 7],
  };
  assert.deepEqual(registry(t, { "a.json": spec(edits) }).edits(["a.com/b=x"]), {
    env: [],
    deviceNodes: [{ path: "/dev/x", hostPath: "/dev/null", type: "c", mode: 384, uid: 5 }],
    mounts: [{ hostPath: "/a", containerPath: "/b", options: ["ro"] }],
    hooks: [{ name: "createContainer", path: "/bin/true", args: ["true"], env: ["A=b"], timeout: 3 }],
    additionalGids: [7],
  });
});

test("what is not carried out is refused, when a step is to have it", (t) => {
  const refused = (edits: object) => () => registry(t, { "a.json": spec(edits) }).edits(["a.com/b=x"]);
  const message = (what: string) =>
    `Cannot lend device a.com/b=x: its specification asks for ${what}, which is not supported`;
  assert.throws(refused({ netDevices: [], intelRdt: {} }), { message: message('"netDevices", "intelRdt"') });
  assert.throws(refused({ deviceNodes: [{ path: "/dev/x", permissions: "r" }] }), {
    code: "DEVICE_UNSUPPORTED",
    message: message('"permissions: r"'),
  });
});

test("a file that is not as it should be costs its devices only, and says why", (t) => {
  const bad: [text: string, reason: RegExp][] = [
    ["[", /./],
    ["[]", /the specification is no object/],
    [spec({}).replace("1.0.0", "7.0.0"), /unknown cdiVersion/],
    [spec({}, "nokind"), /invalid kind "nokind"/],
    [spec({ env: ["=x"] }), /invalid environment variable "=x"/],
    [spec({ env: [1] }), /env holds what is no string/],
    [spec({ deviceNodes: [{ path: "dev/x" }] }), /device path "dev\/x" is not absolute/],
    [spec({ deviceNodes: [{ path: "/dev/x", type: "z" }] }), /invalid type "z"/],
    [spec({ deviceNodes: [{ path: "/dev/x", major: -1 }] }), /major is no number from 0 on/],
    [spec({ deviceNodes: [{ path: "/dev/x", permissions: "rx" }] }), /invalid permissions "rx"/],
    [spec({ hooks: [{ hookName: "never", path: "/x" }] }), /invalid hook name "never"/],
    [spec({ mounts: [{ containerPath: "/x" }] }), /invalid mount, empty host path/],
    [spec({}).replace('"x"', '"../x"'), /invalid device name "..\/x"/],
    [`a: &a [1]\nb: [${"*a,".repeat(200)}]\n${"x".repeat(5 * 1024 * 1024)}`, /too large/],
  ];
  for (const [text, reason] of bad) {
    const devices = registry(t, { "bad.yaml": text, "good.json": spec({ env: ["A=1"] }, "c.com/d") });
    assert.deepEqual(devices.find({ name: "c.com/d", required: true }), ["c.com/d=x"]);
    assert.throws(
      () => devices.find({ name: "a.com/b", required: true }),
      (error: Error & { hint?: string }) => reason.test(error.hint ?? ""),
      text.slice(0, 100),
    );
  }
});

test("a pipe in the place of a file is not waited for", (t) => {
  const root = mkdtempSync(path.join(tmpdir(), "slipway-cdi-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  execFileSync("mkfifo", [path.join(root, "pipe.yaml")]);
  assert.throws(
    () => DeviceRegistry.read([root]).find({ name: "a.com/b", required: true }),
    (error: Error & { hint?: string }) =>
      /pipe\.yaml does not count: not a regular file/.test(error.hint ?? ""),
  );
});

test("the places are BuildKit's, unless others are named", () => {
  assert.deepEqual(specDirs({}), ["/etc/cdi", "/var/run/cdi", "/etc/buildkit/cdi"]);
  assert.deepEqual(specDirs({ SLIPWAY_CDI_SPEC_DIRS: "/a:/b" }), ["/a", "/b"]);
});
