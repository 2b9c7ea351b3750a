import assert from "node:assert/strict";
import { test } from "node:test";
import type { DockerfileError } from "../dockerfile-error.ts";
import { convert } from "./test-helpers.ts";

const repeat = (count: number, line: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i));

test("a chain of very many steps is no recursion", async () => {
  const { definition } = await convert(["FROM alpine", ...repeat(12_000, (i) => `RUN ${i}`)].join("\n"));
  assert.equal(definition.vertices.size, 12_001);
});

test("very many stages, each copying from the next or the one before, are no recursion", async () => {
  const backward = repeat(2_000, (i) => `FROM scratch AS s${i}\nCOPY --from=${i && `s${i - 1}`} / /`);
  backward[0] = "FROM scratch AS s0";
  assert.equal((await convert(backward.join("\n"))).stagesBuilt.length, 2_000);
  const forward = repeat(12_000, (i) => `FROM scratch AS s${i}\nCOPY --from=s${i + 1} / /`);
  await assert.rejects(convert([...forward, "FROM scratch AS s12000"].join("\n"), { target: "s0" }), {
    message: 'cannot copy from stage "s1", it needs to be defined before current stage "s0"',
  });
  forward.push("FROM scratch AS s12000\nCOPY --from=s0 / /");
  await assert.rejects(convert(forward.join("\n")), {
    message: "circular dependency detected on stage: s0",
  });
});

const many: readonly [what: string, text: string][] = [
  ["LABEL", repeat(20_000, (i) => `LABEL k${i}=v`).join("\n")],
  ["ENV", repeat(20_000, (i) => `ENV k${i}=v`).join("\n")],
  ["EXPOSE", repeat(20_000, (i) => `EXPOSE ${i + 1}`).join("\n")],
  ["VOLUME", repeat(20_000, (i) => `VOLUME /v${i}`).join("\n")],
  ["ONBUILD", repeat(20_000, (i) => `ONBUILD RUN ${i}`).join("\n")],
  [
    "FROM",
    repeat(4_000, (i) => `LABEL k${i}=v\nFROM ${i === 0 ? "scratch" : `s${i - 1}`} AS s${i}`).join("\n"),
  ],
];

for (const [what, text] of many) {
  test(`very many ${what} take time in proportion to their number`, async () => {
    const start = process.cpuUsage();
    const { config } = await convert(`FROM scratch\n${text}`);
    assert.ok(process.cpuUsage(start).user < 12_000_000, "microseconds of processor time");
    assert.ok(JSON.stringify(config).length > 4_000 * 10);
  });
}

const bounded: readonly [what: string, text: string, line: number, message: string][] = [
  [
    "a history without end",
    repeat(40, () => "EXPOSE 1-65535").join("\n"),
    28,
    "the image's history is longer than 16777216 characters",
  ],
  [
    "a working directory without end",
    repeat(20_000, () => "WORKDIR abc").join("\n"),
    1025,
    "WORKDIR is longer than 4095 characters",
  ],
];

for (const [what, text, line, message] of bounded) {
  test(`${what} is refused`, async () => {
    await assert.rejects(convert(`FROM scratch\n${text}`), (error: DockerfileError) => {
      assert.equal(error.message, message);
      assert.equal(error.location?.range.startLine, line);
      return true;
    });
  });
}

test("destinations and directories never leave the root", async () => {
  const text = "FROM scratch\nWORKDIR ../../up\nCOPY ../../etc ../../../x/\nADD /../y /../../z";
  const { definition } = await convert(text);
  const paths = [...definition.vertices.values()].flatMap(({ op }) =>
    op.kind === "file"
      ? op.actions.flatMap((action) =>
          action.kind === "copy" ? [action.source, action.dest] : [action.path],
        )
      : [],
  );
  assert.deepEqual(paths, ["/up", "/etc", "/x/", "/y", "/z"]);
});

test("a heredoc's name is a plain file name", async () => {
  const { definition } = await convert("FROM scratch\nCOPY <<../../evil /d/\nx\n../../evil\n");
  const made = [...definition.vertices.values()].flatMap(({ op }) => (op.kind === "file" ? op.actions : []));
  assert.deepEqual(
    made.map((action) => (action.kind === "copy" ? action.source : action.path)),
    ["/evil", "/evil"],
  );
});
