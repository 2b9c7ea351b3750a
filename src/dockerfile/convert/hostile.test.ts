import assert from "node:assert/strict";
import { test } from "node:test";
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
