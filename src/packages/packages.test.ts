import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync, openSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { DirectoryTree } from "../tree/index.ts";
import { encodeBom } from "./encode-bom.ts";
import type { PackageList } from "./found-package.ts";
import { packageUrl } from "./package-url.ts";
import { readGoBuildInfo } from "./go-build-info.ts";
import { makeHeader, makeSqlite } from "./rpm/testing/make-database.ts";
import { scanPackages, type ReadableTree } from "./scan-packages.ts";
import { goProgram } from "./test-program.ts";

const files: Record<string, string | Buffer> = {
  "usr/lib/os-release": 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\n',
  "var/lib/dpkg/status":
    "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nSource: glibc (2.36-9)\nVersion: 2.36-9+deb12u4\nDescription: GNU\n Package: not-one\n\nPackage: gone\nStatus: deinstall ok config-files\nVersion: 1\n\nPackage: broken\n\n",
  "var/lib/dpkg/status.d/base": "Package: base-files\nVersion: 12\nArchitecture: all\n",
  "var/lib/dpkg/status.d/base.md5sums": "Package: no\nVersion: 1\n",
  "lib/apk/db/installed":
    "C:Q1\nP:musl\nV:1.2.4-r2\nA:x86_64\nL:MIT\no:musl\n\nP:ssl_client\nV:1\nA:x86_64\no:busybox\n",
  "app/node_modules/left-pad/package.json": '{"name":"left-pad","version":"1.3.0","license":"WTFPL"}',
  "app/node_modules/@scope/x/package.json": '{"name":"@scope/x","version":"2.0.0","license":{"type":"MIT"}}',
  "app/node_modules/x/test/package.json": '{"name":"fixture","version":"9"}',
  "app/node_modules/bad/package.json": "{",
  "app/package.json": '{"name":"app","version":"0.0.0"}',
  "usr/lib/python3/Zope_Event-5.0.dist-info/METADATA":
    "Metadata-Version: 2.1\nName: Zope_Event\nVersion: 5.0\nLicense: ZPL 2.1\n\nName: no\n",
  "bin/server": goProgram("go1.22.1", [
    ["path", "example.com/server"],
    ["mod", "example.com/server", "(devel)", ""],
    ["dep", "github.com/Old/dep", "v1.0.0", "h1:x"],
    ["=>", "github.com/New/dep", "v1.0.1", "h1:y"],
    ["dep", "golang.org/x/net", "v0.20.0", "h1:z"],
    ["build", "CGO_ENABLED=0"],
  ]),
};

test("packages of dpkg, apk, npm, Python and Go programs are listed once, with the file that says so", (t) => {
  const { packages, distribution, unread } = scan(t, files);
  assert.deepEqual(distribution, {
    id: "debian",
    versionId: "12",
    name: "Debian GNU/Linux 12 (bookworm)",
  });
  assert.deepEqual(unread, []);
  assert.deepEqual(
    packages.map(({ type, name, version, path: file }) => [type, name, version, file]),
    [
      ["apk", "musl", "1.2.4-r2", "/lib/apk/db/installed"],
      ["apk", "ssl_client", "1", "/lib/apk/db/installed"],
      ["deb", "base-files", "12", "/var/lib/dpkg/status.d/base"],
      ["deb", "libc6", "2.36-9+deb12u4", "/var/lib/dpkg/status"],
      ["golang", "example.com/server", "(devel)", "/bin/server"],
      ["golang", "github.com/New/dep", "v1.0.1", "/bin/server"],
      ["golang", "golang.org/x/net", "v0.20.0", "/bin/server"],
      ["golang", "stdlib", "1.22.1", "/bin/server"],
      ["npm", "@scope/x", "2.0.0", "/app/node_modules/@scope/x/package.json"],
      ["npm", "left-pad", "1.3.0", "/app/node_modules/left-pad/package.json"],
      ["pypi", "Zope_Event", "5.0", "/usr/lib/python3/Zope_Event-5.0.dist-info/METADATA"],
    ],
  );
});

test("a bill of materials names every package by its purl, and equal images have equal ones", (t) => {
  const bom = {
    ...scan(t, files),
    name: "app",
    digest: `sha256:${"a".repeat(64)}`,
    created: "2024-01-01T00:00:00.5Z",
    tool: "slipway-1.2.3",
  };
  const spdx = JSON.parse(encodeBom(bom, "spdx-json")) as {
    packages: { SPDXID: string; licenseDeclared?: string; externalRefs?: { referenceLocator: string }[] }[];
    relationships: unknown[];
    creationInfo: unknown;
  };
  const purls = spdx.packages.flatMap(({ externalRefs = [] }) =>
    externalRefs.map((each) => each.referenceLocator),
  );
  assert.deepEqual(purls, [
    "pkg:apk/debian/musl@1.2.4-r2?arch=x86_64&distro=debian-12",
    "pkg:apk/debian/ssl_client@1?arch=x86_64&distro=debian-12&upstream=busybox",
    "pkg:deb/debian/base-files@12?arch=all&distro=debian-12",
    "pkg:deb/debian/libc6@2.36-9%2Bdeb12u4?arch=amd64&distro=debian-12&upstream=glibc",
    "pkg:golang/example.com/server@%28devel%29",
    "pkg:golang/github.com/new/dep@v1.0.1",
    "pkg:golang/golang.org/x/net@v0.20.0",
    "pkg:golang/stdlib@1.22.1",
    "pkg:npm/%40scope/x@2.0.0",
    "pkg:npm/left-pad@1.3.0",
    "pkg:pypi/zope-event@5.0",
  ]);
  assert.equal(spdx.relationships.length, spdx.packages.length);
  assert.deepEqual(spdx.creationInfo, { created: "2024-01-01T00:00:00Z", creators: ["Tool: slipway-1.2.3"] });
  assert.equal(spdx.packages.at(-1)!.licenseDeclared, "NOASSERTION", "ZPL 2.1 is no expression");
  assert.equal(encodeBom(bom, "spdx-json"), encodeBom({ ...bom }, "spdx-json"));
  const cyclone = JSON.parse(encodeBom(bom, "cyclonedx-json")) as {
    serialNumber: string;
    components: { name: string; purl?: string; licenses?: unknown }[];
  };
  assert.match(
    cyclone.serialNumber,
    /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  assert.equal(cyclone.components[0]!.name, "debian");
  assert.deepEqual(
    cyclone.components.slice(1).map(({ purl }) => purl),
    purls,
  );
  assert.deepEqual(cyclone.components.at(-1)!.licenses, [{ license: { name: "ZPL 2.1" } }]);
});

test("packages of rpm have the distribution's name and their epoch in the purl", (t) => {
  const header = makeHeader({ 1000: "openssl", 1003: 1, 1001: "3.0.7", 1002: "27.el9", 1022: "x86_64" });
  const list = scan(t, {
    "etc/os-release": 'ID="rhel"\nVERSION_ID="9.4"\n',
    "usr/lib/sysimage/rpm/rpmdb.sqlite": makeSqlite([header]),
  });
  const purls = list.packages.map((found) => packageUrl(found, list.distribution));
  assert.deepEqual(purls, ["pkg:rpm/redhat/openssl@3.0.7-27.el9?arch=x86_64&distro=rhel-9.4&epoch=1"]);
  const bom = { ...list, name: "a", digest: "b", created: "2020-01-01T00:00:00Z", tool: "t" };
  assert.match(encodeBom(bom, "spdx-json"), /"versionInfo": "1:3\.0\.7-27\.el9"/);
});

test("a database whose last changes are in a log beside it is not half read", (t) => {
  const { unread } = scan(t, {
    "var/lib/rpm/rpmdb.sqlite": makeSqlite([makeHeader({})]),
    "var/lib/rpm/rpmdb.sqlite-wal": "changes",
  });
  assert.deepEqual(unread, [
    { path: "/var/lib/rpm/rpmdb.sqlite", reason: "a write-ahead log lies beside it" },
  ]);
});

test("a database that cannot be read is told, not left out in silence", (t) => {
  const { packages, unread } = scan(t, { "var/lib/rpm/rpmdb.sqlite": "SQLite format 3" });
  assert.deepEqual(packages, []);
  assert.deepEqual(unread, [{ path: "/var/lib/rpm/rpmdb.sqlite", reason: "it ends before byte 100" }]);
});

test("hostile programs and links lead nowhere", (t) => {
  const good = goProgram("go1.22", [["mod", "m", "v1", ""]]);
  for (let length = 0; length < 360; length += 7) {
    const cut = good.subarray(0, length);
    assert.deepEqual(read(cut), [], `cut at ${length}`);
  }
  for (let at = 0; at < 400; at++) {
    const changed = Buffer.from(good);
    changed[at] = 0xff;
    read(changed);
  }
  const dir = write(t, {});
  mkdirSync(path.join(dir, "etc"));
  symlinkSync("/etc/os-release", path.join(dir, "etc/os-release"));
  assert.equal(scanPackages(scanned(dir)).distribution, undefined);
});

function read(bytes: Buffer): unknown {
  return readGoBuildInfo((position, length) => bytes.subarray(position, position + length), "/x");
}

function scan(t: TestContext, content: Record<string, string | Buffer>): PackageList {
  return scanPackages(scanned(write(t, content)));
}

function write(t: TestContext, content: Record<string, string | Buffer>): string {
  const dir = mkdtempSync(path.join(tmpdir(), "slipway-packages-"));
  t.after(() => rmSync(dir, { recursive: true }));
  for (const [name, data] of Object.entries(content)) {
    mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
    writeFileSync(path.join(dir, name), data, { mode: name.startsWith("bin/") ? 0o755 : 0o644 });
    assert.ok(readFileSync(path.join(dir, name)).length > 0);
  }
  return dir;
}

function scanned(directory: string): ReadableTree {
  const tree = new DirectoryTree(directory);
  return { tree, open: (file) => openSync(tree.hostPath(file), "r") };
}
