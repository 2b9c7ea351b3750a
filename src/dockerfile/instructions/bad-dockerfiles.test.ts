import assert from "node:assert/strict";
import { test } from "node:test";
import { DockerfileError } from "../dockerfile-error.ts";
import { parseDockerfile } from "./parse-dockerfile.ts";

// Each row: what follows `FROM busybox`, and what BuildKit says of it (compared with docker build).
const instructions: readonly [string, string][] = [
  ["FNTRYPOINT x", "unknown instruction: FNTRYPOINT (did you mean ENTRYPOINT?)"],
  ["copyy a b", "unknown instruction: copyy (did you mean copy?)"],
  ["APT install", "unknown instruction: APT (did you mean ADD?)"],
  ["INCLUDE x", "unknown instruction: INCLUDE"],
  ["FROM", "FROM requires either one or three arguments"],
  ["FROM a AS", "FROM requires either one or three arguments"],
  ["FROM a b c", "FROM requires either one or three arguments"],
  ["FROM a AS 1a", `invalid name for build stage: "1a", name can't start with a number or contain symbols`],
  ["FROM a AS b/c", `invalid name for build stage: "b/c", name can't start with a number or contain symbols`],
  ["FROM --platfrom=x a", "unknown flag: --platfrom (did you mean platform?)"],
  [
    "COPY a",
    "COPY requires at least two arguments, but only one was provided. Destination could not be determined",
  ],
  [
    "ADD",
    "ADD requires at least two arguments, but only one was provided. Destination could not be determined",
  ],
  ["COPY --chmo=1 a b", "unknown flag: --chmo (did you mean chmod?)"],
  ["COPY --chown=1 --chown=2 a b", "duplicate flag specified: --chown"],
  ["COPY --chown a b c", "missing a value on flag: --chown"],
  ["COPY --link= a b", "missing a value on flag: --link"],
  ["COPY --link=x a b", "expecting boolean value for flag --link, not: x"],
  ["COPY --keep-git-dir a b", "unknown flag: --keep-git-dir"],
  ["ADD --from=x a b", "unknown flag: --from"],
  ["ADD --parents a b", "unknown flag: --parents"],
  ["COPY x <<EOF\nEOF", "COPY cannot accept a heredoc as a destination"],
  ["ADD x <<EOF\nEOF", "ADD cannot accept a heredoc as a destination"],
  ["RUN --network=foo x", 'invalid network mode "foo"'],
  ["RUN --network= x", 'invalid network mode ""'],
  ["RUN --security=foo x", 'security "foo" is not valid'],
  ["RUN --mount= x", "failed to parse csv mounts: EOF"],
  [
    `RUN --mount='a"b' x`,
    'failed to parse csv mounts: parse error on line 1, column 2: bare " in non-quoted-field',
  ],
  [
    `RUN --mount='"a"b' x`,
    'failed to parse csv mounts: parse error on line 1, column 3: extraneous or missing " in quoted-field',
  ],
  [
    `RUN --mount='"a' x`,
    'failed to parse csv mounts: parse error on line 1, column 2: extraneous or missing " in quoted-field',
  ],
  ["RUN --mount=from=$x y", "'from' doesn't support variable expansion, define alias stage instead"],
  ["CMD --foo bar", "unknown flag: --foo"],
  ["ENTRYPOINT --foo bar", "unknown flag: --foo"],
  ["WORKDIR --foo /a", "unknown flag: --foo"],
  ["ENV --foo a=b", "unknown flag: --foo"],
  ["EXPOSE --foo 80", "unknown flag: --foo"],
  ["ENV", "ENV requires at least one argument"],
  ["LABEL", "LABEL requires at least one argument"],
  ["ARG", "ARG requires at least one argument"],
  ["ARG --foo", "ARG requires at least one argument"],
  ["EXPOSE", "EXPOSE requires at least one argument"],
  ["VOLUME", "VOLUME requires at least one argument"],
  ["VOLUME []", "VOLUME requires at least one argument"],
  ["SHELL", "SHELL requires at least one argument"],
  ["SHELL []", "SHELL requires at least one argument"],
  ["HEALTHCHECK", "HEALTHCHECK requires at least one argument"],
  ["ONBUILD", "ONBUILD requires at least one argument"],
  ["ENV =x", "ENV names can not be blank"],
  ["LABEL a=b =x", "LABEL names can not be blank"],
  ["ARG =b", "ARG names can not be blank"],
  ["SHELL sh -c", "SHELL requires the arguments to be in JSON form"],
  ["WORKDIR", "WORKDIR requires exactly one argument"],
  ["USER", "USER requires exactly one argument"],
  ["STOPSIGNAL", "STOPSIGNAL requires exactly one argument"],
  ["MAINTAINER", "MAINTAINER requires exactly one argument"],
  ['VOLUME [""]', "VOLUME specified can not be an empty string"],
  ["HEALTHCHECK NONE x", "HEALTHCHECK NONE takes no arguments"],
  ["HEALTHCHECK CMD", "Missing command after HEALTHCHECK CMD"],
  ["HEALTHCHECK CMD []", "Missing command after HEALTHCHECK CMD"],
  ["HEALTHCHECK foo", 'Unknown type "FOO" in HEALTHCHECK (try CMD)'],
  ["HEALTHCHECK --interval=1us CMD x", 'Interval "interval" cannot be less than 1ms'],
  ["HEALTHCHECK --start-period=-5s CMD x", 'Interval "start-period" cannot be less than 1ms'],
  ["HEALTHCHECK --interval=5 CMD x", 'time: missing unit in duration "5"'],
  ["HEALTHCHECK --interval=5x CMD x", 'time: unknown unit "x" in duration "5x"'],
  ["HEALTHCHECK --interval=x CMD x", 'time: invalid duration "x"'],
  ["HEALTHCHECK --interval=. CMD x", 'time: invalid duration "."'],
  ["HEALTHCHECK --interval=99999999h CMD x", 'time: invalid duration "99999999h"'],
  ["HEALTHCHECK --retries=x CMD x", 'strconv.ParseInt: parsing "x": invalid syntax'],
  ["HEALTHCHECK --retries=99999999999 CMD x", 'strconv.ParseInt: parsing "99999999999": value out of range'],
  ["HEALTHCHECK --retries=-1 CMD x", "--retries cannot be negative (-1)"],
  ["ONBUILD ONBUILD RUN x", "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"],
  ["ONBUILD FROM x", "FROM isn't allowed as an ONBUILD trigger"],
  ["ONBUILD maintainer x", "MAINTAINER isn't allowed as an ONBUILD trigger"],
  ["ONBUILD --foo RUN x", "unknown flag: --foo"],
];

for (const [text, reason] of instructions) {
  test(`${JSON.stringify(text)} is refused: ${reason}`, () => {
    const error = errorOf(`FROM busybox\n${text}\n`);
    assert.equal(error.message, `dockerfile parse error on line 2: ${reason}`);
    assert.equal(error.code, "DOCKERFILE_INSTRUCTION");
    assert.equal(error.location?.range.startLine, 2);
  });
}

// Each row: a whole file, the message, the lines at fault.
const files: readonly [string, string, [number, number]][] = [
  ["", "the Dockerfile cannot be empty", [1, 1]],
  ["# just\n", "file with no instructions", [1, 1]],
  ["\n\n  \n", "file with no instructions", [3, 3]],
  ["ARG x\n", "dockerfile contains no stages to build", [1, 1]],
  ["WORKDIR /a\nFROM x\n", "no build stage in current context", [1, 1]],
  ["# escape=x\nFROM a\n", "invalid escape token 'x' does not match ` or \\", [1, 1]],
  ["# escape=\\\n# escape=`\nFROM a\n", "only one escape parser directive can be used", [2, 2]],
  ["# syntax=a\n# Syntax=b\nFROM a\n", "only one syntax parser directive can be used", [2, 2]],
  ["FROM a\nRUN <<EOF\necho\n", "unterminated heredoc", [2, 3]],
  ["FROM a\nCOPY <<a <<b /\na\nx\n", "unterminated heredoc", [2, 4]],
  ["FROM a\nRUN echo $((1 << 3))\n", "unterminated heredoc", [2, 2]],
  ["FROM a\nCMD [1]\n", "when using JSON array syntax, arrays must be comprised of strings only", [2, 2]],
  [
    'FROM a\nCOPY ["a", \\\n  null]\n',
    "when using JSON array syntax, arrays must be comprised of strings only",
    [2, 3],
  ],
  [
    "FROM a\nONBUILD CMD [1]\n",
    "when using JSON array syntax, arrays must be comprised of strings only",
    [2, 2],
  ],
  ["FROM a\nENV a\n", "ENV must have two arguments", [2, 2]],
  ["FROM a\nLABEL a\n", "LABEL must have two arguments", [2, 2]],
  ["FROM a\nENV a=b c\n", `Syntax error - can't find = in "c". Must be of the form: name=value`, [2, 2]],
  [`FROM a\nRUN ${"x".repeat(65_532)}\n`, "dockerfile line greater than max allowed size of 65535", [2, 2]],
];

for (const [text, reason, [startLine, endLine]] of files) {
  test(`${JSON.stringify(text.slice(0, 60))} is refused: ${reason}`, () => {
    const error = errorOf(text);
    assert.equal(error.message, reason);
    assert.equal(error.location?.file, "app.Dockerfile");
    assert.deepEqual([error.location.range.startLine, error.location.range.endLine], [startLine, endLine]);
  });
}

function errorOf(text: string): DockerfileError {
  try {
    parseDockerfile(text, { fileName: "app.Dockerfile" });
  } catch (error) {
    assert.ok(error instanceof DockerfileError);
    return error;
  }
  return assert.fail("was accepted");
}
