import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { missingForContainers, Rig } from "./rig.ts";

const skip = missingForContainers();

test("of steps on one another each is told whole before the next, and none after one that fails", {
  skip,
}, async (t) => {
  const rig = await Rig.withBusybox(t);
  const steps = Array.from({ length: 8 }, (_, n) => `RUN ls / | grep -c '^f' ; touch /f${n}`);
  rig.file("Dockerfile", ["FROM busybox", ...steps, "RUN ls /f*; exit 3", "RUN echo never"].join("\n"));
  const { exitCode, stderr } = await rig.build();
  assert.notEqual(exitCode, 0);
  const counts = ["0", "1", "2", "3", "4", "5", "6", "7"];
  const files = counts.map((n) => `/f${n}`);
  const name = (n: number, command: string) => `[${String(n).padStart(2)}/11] RUN ${command}`;
  const expected = counts.map((n) => [name(Number(n) + 2, `ls / | grep -c '^f' ; touch /f${n}`), n, "DONE"]);
  assert.deepEqual(blocks(stderr), [...expected, [name(10, "ls /f*; exit 3"), ...files, "ERROR"]]);
  assert.equal((await rig.build("--jobs=1")).exitCode, exitCode);
});

test("steps on one another that several builds run at once give what they give alone", {
  skip,
}, async (t) => {
  const rig = await Rig.withBusybox(t);
  const write = (middle: string) =>
    rig.file(
      "Dockerfile",
      `FROM busybox\nRUN echo a > /a\nRUN ${middle}\nRUN cat /a /b > /c\nRUN sed 's/$/!/' /c > /d\nRUN rm /a`,
    );
  write("echo one > /b");
  const builds = await Promise.all(Array.from({ length: 4 }, () => rig.build()));
  assert.deepEqual(
    builds.map(({ exitCode }) => exitCode),
    [0, 0, 0, 0],
  );
  const ran = builds.map(({ stderr }) => blocks(stderr).filter((step) => step.at(-1) === "DONE").length);
  assert.equal(
    ran.reduce((sum, each) => sum + each),
    5,
  );
  write("echo two > /b");
  const tree = await rig.exportTree();
  assert.equal(readFileSync(path.join(tree, "d"), "utf8"), "a!\ntwo!\n");
});

/** Of each RUN, in the order of the log: its name, what it printed, and how it ended. */
function blocks(log: string): string[][] {
  const found: string[][] = [];
  let last: string | undefined;
  for (const [, number, text = ""] of log.matchAll(/^#(\d+) (.*)$/gm)) {
    const isStart = /^\[.*\] RUN /.test(text);
    if (!isStart && number !== last) continue;
    last = number;
    const words = text.replace(/^\d+\.\d+ /, "").replace(/^(DONE|ERROR)\b.*/, "$1");
    if (isStart) found.push([words.replace(/ +\(.*\)$/, "")]);
    else if (!words.startsWith("why:")) found.at(-1)!.push(words);
  }
  return found;
}
