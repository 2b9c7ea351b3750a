import assert from "node:assert/strict";
import { test } from "node:test";
import { downloadName } from "./file-name.ts";

const names: readonly (readonly [url: string, disposition: string | undefined, name: string])[] = [
  ["https://example.com/a/b.tar", undefined, "b.tar"],
  ["https://example.com/a/b%20c", undefined, "b c"],
  ["https://example.com/a%2Fb", undefined, "b"],
  ["https://example.com/a/", undefined, "a"],
  ["https://example.com/", undefined, "download"],
  ["https://example.com/..%2f..%2fetc%2fpasswd", undefined, "passwd"],
  ["https://example.com/a%2f..", undefined, "download"],
  ["https://example.com/a%00b", undefined, "download"],
  ["https://example.com/%zz", undefined, "%zz"],
  ["https://example.com/a", 'attachment; filename="x y.tar"', "x y.tar"],
  ["https://example.com/a", "attachment; filename=x.tar; size=1", "x.tar"],
  ["https://example.com/a", String.raw`attachment; filename="a\"b"`, 'a"b'],
  ["https://example.com/a", "attachment; filename*=UTF-8''%c3%a4.tar", "ä.tar"],
  ["https://example.com/a", 'attachment; filename="../../etc/passwd"', "passwd"],
  ["https://example.com/a", 'attachment; filename="/"', "a"],
  ["https://example.com/a", 'attachment; filename=".."', "download"],
  ["https://example.com/a", "inline", "a"],
];

for (const [url, disposition, name] of names) {
  test(`${url} with ${disposition ?? "no header"} is saved as ${JSON.stringify(name)}`, () => {
    assert.equal(downloadName(new URL(url), undefined, disposition), name);
  });
}

test("a given name wins, and is no path either", () => {
  const url = new URL("https://example.com/a");
  assert.equal(downloadName(url, "b", 'attachment; filename="c"'), "b");
  assert.equal(downloadName(url, "../b", undefined), "b");
});
