import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { CodedError } from "../../errors/index.ts";
import type { Definition } from "../../llb/index.ts";
import { convert } from "./test-helpers.ts";

const value = fc.constantFrom(
  "a",
  "1",
  "$A",
  "${B:-b}",
  '"two words"',
  "'$A'",
  "x\\ y",
  "${A#a}",
  "${A:+${B}}",
  "é",
);
const place = fc.constantFrom("/", "/a/b", "rel", "./x/..", "/a/", "..", "/$A", "/é");
const name = fc.constantFrom("A", "B", "PATH", "LONG_NAME");
const stage = fc.constantFrom("s0", "s1", "S2", "0", "1", "busybox", "later");
const mount = fc.constantFrom(
  "type=cache,target=/c",
  "type=cache,target=$A,id=$B,sharing=locked",
  "target=/m",
  "from=s0,source=/a,target=m",
  "from=busybox,target=/b,rw",
  "type=tmpfs,target=/t,size=1m",
  "type=secret,id=s",
  "type=secret,id=s,env=S,required",
  "type=ssh",
);

const instruction = fc.oneof(
  fc.tuple(name, value).map(([key, text]) => `ENV ${key}=${text}`),
  fc.tuple(name, value).map(([key, text]) => `ENV ${key} ${text}`),
  fc.tuple(name, value).map(([key, text]) => `ARG ${key}=${text}`),
  name.map((key) => `ARG ${key}`),
  fc.tuple(name, value).map(([key, text]) => `LABEL ${key}=${text}`),
  fc.tuple(fc.array(mount, { maxLength: 3 }), value).map(([mounts, text]) => {
    const flags = mounts.map((one) => `--mount=${one} `).join("");
    return `RUN ${flags}echo ${text}`;
  }),
  fc.constantFrom(
    "RUN <<EOF\necho\nEOF",
    'RUN ["a", "b"]',
    "RUN --network=none x",
    "RUN cat <<A <<B\n1\nA\n2\nB",
  ),
  fc.tuple(place, place).map(([from, to]) => `COPY ${from} ${to}`),
  fc
    .tuple(stage, place, place)
    .map(([from, source, to]) => `COPY --from=${from} --chown=app:$A ${source} ${to}`),
  fc.tuple(place, place).map(([from, to]) => `COPY --link --chmod=755 --exclude=*.x ${from} ${to}/`),
  place.map((to) => `COPY --parents a/./b*/c ${to}/`),
  place.map((to) => `COPY <<one <<"two" ${to}/\n$A\none\n$A\ntwo`),
  fc.tuple(place, place).map(([from, to]) => `ADD ${from} ${to}`),
  fc.constantFrom("ADD https://example.com/x.tar /x", "ADD https://example.com/r.git#v1:sub /r"),
  place.map((to) => `WORKDIR ${to}`),
  fc.constantFrom(
    "USER app",
    "USER 1:2",
    "USER $A",
    "EXPOSE 80 90-92/udp $A",
    'VOLUME ["/v"]',
    "VOLUME /v $A",
  ),
  fc.constantFrom(
    "CMD a",
    'CMD ["a"]',
    "ENTRYPOINT a",
    'ENTRYPOINT ["a"]',
    'SHELL ["/s", "-c"]',
    "STOPSIGNAL 9",
  ),
  fc.constantFrom("HEALTHCHECK NONE", "HEALTHCHECK --interval=3s CMD a", "MAINTAINER a", "ONBUILD RUN $A"),
  fc.constantFrom("ONBUILD COPY --from=s0 a b", "ONBUILD ENV A=1"),
);
const from = fc.constantFrom(
  "alpine",
  "scratch",
  "s0",
  "s1",
  "triggers",
  "empty",
  "busybox",
  "$G",
  "--platform=$BUILDPLATFORM alpine",
);
const stages = fc.array(fc.tuple(from, fc.array(instruction, { maxLength: 8 })), {
  minLength: 1,
  maxLength: 4,
});
const dockerfile = fc
  .tuple(fc.constantFrom("", "ARG G=busybox\n", "# escape=`\n"), stages)
  .map(([head, all]) => {
    const parts = all.map(([base, steps], index) => `FROM ${base} AS s${index}\n${steps.join("\n")}\n`);
    return head + parts.join("");
  });

test("a file of valid instructions becomes a graph, or is refused with the place of what is wrong", async () => {
  let converted = 0;
  await fc.assert(
    fc.asyncProperty(dockerfile, async (text) => {
      try {
        const { definition, config, target } = await convert(text, { buildArgs: { B: "given" } });
        assertSound(definition);
        assert.ok(JSON.stringify(config) && target);
        converted += 1;
      } catch (error) {
        assert.ok(error instanceof CodedError, `${String(error)}\n${text}`);
        assert.doesNotMatch(error.message, /Internal error/);
        assert.ok(error.location ?? error.code === "NOT_FOUND", `no location: ${error.message}\n${text}`);
      }
    }),
    { numRuns: 400 },
  );
  assert.ok(converted > 80, `only ${converted} were converted`);
});

/** Every input is there, and before what uses it. */
function assertSound({ vertices }: Definition): void {
  const seen = new Set<string>();
  for (const { digest, inputs } of vertices.values()) {
    for (const input of inputs) assert.ok(seen.has(input), `input ${input} comes after ${digest}`);
    seen.add(digest);
  }
}
