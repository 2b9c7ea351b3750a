import assert from "node:assert/strict";
import { test } from "node:test";
import { parseModeChange } from "./file-mode.ts";

/** Files of modes 640 and 4750, directories of modes 2770 and 1711, after `--chmod`: as BuildKit (docker 28.5) leaves them. */
const cases: readonly (readonly [string, string])[] = [
  ["u=rwX,go=rX", "644 755 755 1755"],
  ["a+x", "751 4751 2771 1711"],
  ["+x", "751 4751 2771 1711"],
  ["g-w", "640 4750 2750 1711"],
  ["o=", "640 4750 2770 1710"],
  ["u=g", "440 4550 2770 1111"],
  ["go=u", "666 4777 2777 1777"],
  ["a=rwx,u+s", "4777 4777 4777 5777"],
  ["g+s", "2640 6750 2770 3711"],
  ["+t", "1640 5750 3770 1711"],
  ["a+X", "640 4751 2771 1711"],
  ["u-x,a+X", "640 4751 2771 1711"],
  ["ug+w,o-r", "660 4770 2770 1731"],
  ["u=rw,g=u,o=", "660 660 2660 1660"],
  ["-w", "440 4550 2550 1511"],
  ["=r", "444 444 444 1444"],
  ["u+rwxs", "4740 4750 6770 5711"],
  ["a=s", "6000 6000 6000 7000"],
  ["o+t", "640 4750 2770 1711"],
  ["u=rwx,g+u", "770 770 2770 1771"],
  ["u+", "640 4750 2770 1711"],
  ["g=o-r", "600 4700 2700 1711"],
  ["ugo=rwX", "666 777 777 1777"],
  ["0644", "644 644 644 644"],
  ["4755", "4755 4755 4755 4755"],
  ["u+w-x", "640 4650 2670 1611"],
  ["u=rwx+s", "4740 4750 6770 5711"],
  ["g=u-w", "640 4750 2750 1751"],
  ["u=r,u+X", "440 550 2570 1511"],
  ["=X", "0 111 111 1111"],
  ["u-x,u+X", "640 4750 2770 1711"],
  ["ugo+t", "1640 5750 3770 1711"],
  ["u+t", "1640 5750 3770 1711"],
  ["a+t", "1640 5750 3770 1711"],
  ["ug+t", "1640 5750 3770 1711"],
  ["u=t", "1040 1050 3070 1011"],
  ["=t", "1640 5750 3770 1711"],
  ["a=t", "1000 1000 1000 1000"],
  ["g=s", "2600 6700 2700 3701"],
  ["o=s", "640 4750 2770 1710"],
  ["u-s", "640 750 2770 1711"],
  ["a-s", "640 750 770 1711"],
  ["-s", "640 750 770 1711"],
  ["+s", "6640 6750 6770 7711"],
  ["uo=rx,o+s", "545 555 2575 1515"],
  ["u=gx", "140 150 2170 1111"],
  ["u=go", "40 4050 2070 1111"],
  ["u+gw", "640 4750 2770 1711"],
  ["g=u+o", "660 4770 2770 1771"],
  ["go-u", "600 4700 2700 1700"],
  ["a-t", "640 4750 2770 711"],
  ["o-t", "640 4750 2770 1711"],
  ["u=s", "4040 4050 6070 5011"],
  ["g=rs", "2640 6740 2740 3741"],
];
for (const [text, expected] of cases) {
  test(`--chmod=${text}`, () => {
    const { apply } = parseModeChange(text);
    const modes = [apply(0o640, false), apply(0o4750, false), apply(0o2770, true), apply(0o1711, true)];
    assert.equal(modes.map((mode) => mode.toString(8)).join(" "), expected);
  });
}

test("created parents take an octal mode's permission bits, and are 0755 for a symbolic one", () => {
  assert.equal(parseModeChange("4711").parentMode, 0o711);
  assert.equal(parseModeChange("0644").parentMode, 0o644);
  assert.equal(parseModeChange("u=r").parentMode, 0o755);
});

for (const text of ["8", "64a", "08", "10000", "600,u+x"]) {
  test(`${text} is no octal mode`, () => {
    const message = `invalid chmod parameter: '${text}'. it should be octal string and between 0 and 07777`;
    assert.throws(() => parseModeChange(text), { code: "BAD_MODE", message });
  });
}

for (const text of ["", "u", "u+y", "u=rwx,", ",u+x", "u+r;", "u=rwxz", "x+r"]) {
  test(`${JSON.stringify(text)} is no symbolic mode`, () => {
    const message = `invalid chmod parameter: '${text}': invalid syntax`;
    assert.throws(() => parseModeChange(text), { code: "BAD_MODE", message });
  });
}
