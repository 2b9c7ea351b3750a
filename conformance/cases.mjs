// Dockerfiles whose images must equal BuildKit's: config, history, flattened tree. One row a case:
// name, Dockerfile, and optionally files of the context ("path": "text", or { text, mode } or { link }), target, args.
// `history`: created_by texts by index where BuildKit has changed since the release that made the stored results.
// `fails`: the build must fail in both, with this text in both messages.

const passwdBase = "FROM base\n";

export const cases = [
  one("from-only", "FROM base"),
  one("from-scratch-metadata", 'FROM scratch\nENV A=1\nCOPY x /\nLABEL l=v\nCMD ["/x"]', { x: "x" }),
  one("scratch-copy", "FROM scratch\nCOPY hello /", { hello: "hi\n" }),
  one("run-shell", `${passwdBase}RUN echo hello > /hello`),
  one("run-exec", `${passwdBase}RUN ["touch", "/a b"]`),
  one(
    "run-many",
    `${passwdBase}RUN mkdir -p /d/e && echo 1 > /d/e/f\nRUN rm -r /d/e && chmod 700 /d\nRUN ln -s d /l && ln /bin/busybox /hard`,
  ),
  one("run-opaque", `${passwdBase}RUN mkdir /d && touch /d/1 /d/2\nRUN rm -r /d && mkdir /d && touch /d/3`),
  one(
    "run-user-owner",
    `${passwdBase}USER app\nWORKDIR /home/app\nRUN id > id && umask 077 && touch private`,
  ),
  one("run-failing", `${passwdBase}RUN exit 3`, {}, { fails: "exit code: 3" }),
  one(
    "env-forms",
    `${passwdBase}ENV A=1 B="two words" C=three\\ words\nENV D some value with spaces\nENV E=\${A}x F=\${MISSING:-def} G=\${A:+set}\nRUN env | grep -E '^[A-G]=' | sort > /env`,
  ),
  one("env-same-line", `${passwdBase}ENV abc=hello\nENV abc=bye def=$abc\nENV ghi=$abc`),
  one("arg-default", `${passwdBase}ARG V=1\nARG W\nRUN echo $V-$W > /v\nLABEL v=$V`),
  one("arg-given", `${passwdBase}ARG V=1\nARG W\nRUN echo $V-$W > /v`, {}, { args: { V: "2", W: "3" } }),
  one("arg-global", `ARG TAG=base\nARG N=5\nFROM \${TAG}\nARG N\nRUN echo "[$N][$TAG]" > /v`),
  one("arg-env-wins", `${passwdBase}ARG X=arg\nENV X=env\nRUN echo $X > /x`),
  one("arg-inherited-by-stage", `FROM base AS a\nARG X=1\nENV Y=$X\nFROM a\nRUN echo $X $Y > /x`),
  one(
    "arg-platform",
    `${passwdBase}ARG TARGETARCH\nARG TARGETOS\nARG TARGETPLATFORM\nRUN echo $TARGETOS/$TARGETARCH $TARGETPLATFORM > /p`,
  ),
  one("copy-file", `${passwdBase}COPY a.txt /dest/\nCOPY a.txt /renamed\nCOPY a.txt b.txt /both/`, {
    "a.txt": "a",
    "b.txt": "b",
  }),
  one("copy-directory-contents", `${passwdBase}COPY src /app\nCOPY src /app2/`, {
    "src/x": "x",
    "src/sub/y": "y",
  }),
  one("copy-everything", `${passwdBase}WORKDIR /w\nCOPY . .`, { x: "x", "d/y": "y", ".hidden": "h" }),
  one("copy-wildcards", `${passwdBase}COPY *.txt d?/ /w/`, {
    "a.txt": "a",
    "b.txt": "b",
    "c.md": "c",
    "d1/x": "1",
    "d2/y": "2",
  }),
  one("copy-wildcard-nothing", `${passwdBase}COPY a.txt *.none /w/`, { "a.txt": "a" }),
  one("copy-missing", `${passwdBase}COPY nope /`, {}, { fails: "nope" }),
  one("copy-modes", `${passwdBase}COPY run.sh secret /m/`, {
    "run.sh": { text: "x", mode: 0o755 },
    secret: { text: "s", mode: 0o600 },
  }),
  one("copy-symlinks", `${passwdBase}COPY d /d\nCOPY link /file\nCOPY dlink /dlink`, {
    "d/real": "r",
    "d/rel": { link: "real" },
    "d/broken": { link: "/nowhere" },
    link: { link: "d/real" },
    dlink: { link: "d" },
  }),
  one(
    "copy-chown",
    `${passwdBase}COPY --chown=app a /1/\nCOPY --chown=app:staff a /2/\nCOPY --chown=7:8 a /3/\nCOPY --chown=9 a /4/\nCOPY --chown=nosuch a /5/`,
    { a: "a" },
  ),
  one("copy-chmod", `${passwdBase}COPY --chmod=0751 a /1/\nCOPY --chmod=600 d /2\nCOPY --chmod=4755 a /3`, {
    a: "a",
    "d/x": "x",
    "d/e/y": "y",
  }),
  one(
    "copy-from-stage",
    `FROM base AS b\nRUN mkdir -p /out/sub && echo 1 > /out/one && echo 2 > /out/sub/two && chown -R 12:34 /out && ln -s one /out/link\nFROM base\nCOPY --from=b /out /out\nCOPY --from=0 /out/one /single`,
  ),
  one("copy-from-image", `FROM scratch\nCOPY --from=base /etc/passwd /passwd`),
  one(
    "copy-over-existing",
    `${passwdBase}RUN mkdir -p /d/sub && chmod 700 /d /d/sub && chown 5:6 /d /d/sub && echo old > /d/f\nCOPY d /d`,
    { "d/f": "new", "d/sub/g": "g" },
  ),
  one("copy-dest-symlink", `${passwdBase}RUN mkdir /real && ln -s real /l\nCOPY a /l/\nCOPY d /l`, {
    a: "a",
    "d/x": "x",
  }),
  one(
    "copy-file-over-directory",
    `${passwdBase}RUN mkdir -p /t/a\nCOPY d /t`,
    { "d/a": "file" },
    { fails: "cannot replace to directory" },
  ),
  one(
    "copy-directory-over-file",
    `${passwdBase}RUN mkdir /t && echo > /t/a\nCOPY d /t`,
    { "d/a/x": "x" },
    { fails: "cannot copy to non-directory" },
  ),
  one("copy-heredoc", `${passwdBase}COPY <<EOF /h1\nhello $USERX\nEOF\nCOPY <<"EOF" /h2\nraw $USERX\nEOF`),
  one("copy-exclude", `${passwdBase}COPY --exclude=*.md --exclude=d/skip . /e/`, {
    "a.txt": "a",
    "b.md": "b",
    "d/keep": "k",
    "d/skip": "s",
    Dockerfile: "",
  }),
  one("run-heredoc", `${passwdBase}RUN <<EOF\necho one > /1\necho two > /2\nEOF`),
  one("dockerignore", `${passwdBase}COPY . /c/`, {
    ".dockerignore": "# comment\n*.log\n!keep.log\nnode_modules\n**/tmp\nDockerfile\n.dockerignore\n",
    "a.log": "",
    "keep.log": "k",
    "node_modules/m": "",
    "src/tmp/x": "",
    "src/y": "y",
  }),
  one("add-file", `${passwdBase}ADD a.txt /add/`, { "a.txt": "a" }),
  one("workdir", `${passwdBase}WORKDIR /a\nWORKDIR b\nWORKDIR ../c\nRUN pwd > /pwd`),
  one("workdir-user", `${passwdBase}USER app\nWORKDIR /w/x`),
  one("workdir-env", `${passwdBase}ENV D=dir\nWORKDIR /$D/\${D}2`),
  one("user-forms", `${passwdBase}USER 1234:5678\nRUN id -u > /tmp/u; id -g > /tmp/g`),
  one("labels", `${passwdBase}LABEL a=1 b="two words"\nLABEL c three words\nLABEL a=2`),
  one("expose", `${passwdBase}EXPOSE 443 80/tcp 53/udp\nARG P="8080 8081"\nEXPOSE $P\nEXPOSE 9000-9002`),
  one("volume", `${passwdBase}VOLUME /data /logs\nVOLUME ["/a b"]`),
  one("cmd-forms", `FROM base AS a\nCMD echo hi\nFROM base\nCMD ["echo", "x y"]`),
  one("entrypoint-clears-cmd", `FROM base AS a\nCMD ["x"]\nFROM a\nENTRYPOINT ["/e"]`),
  one("entrypoint-keeps-own-cmd", `${passwdBase}CMD ["x"]\nENTRYPOINT /bin/e`),
  one("shell", `${passwdBase}SHELL ["/bin/sh", "-ec"]\nRUN false || true; echo ok > /ok\nCMD run`),
  one("stopsignal-maintainer", `${passwdBase}STOPSIGNAL SIGTERM\nMAINTAINER someone`),
  one(
    "healthcheck",
    `${passwdBase}HEALTHCHECK --interval=5m --timeout=3s --start-period=1s --retries=2 CMD wget -q localhost || exit 1`,
    {},
    {
      history: [
        "HEALTHCHECK {Test:[CMD-SHELL wget -q localhost || exit 1] Interval:5m0s Timeout:3s StartPeriod:1s StartInterval:0s Retries:2}",
      ],
    },
  ),
  one(
    "healthcheck-none",
    `${passwdBase}HEALTHCHECK NONE`,
    {},
    {
      history: ["HEALTHCHECK {Test:[NONE] Interval:0s Timeout:0s StartPeriod:0s StartInterval:0s Retries:0}"],
    },
  ),
  one("onbuild-stored", `${passwdBase}ONBUILD RUN echo hi\nONBUILD COPY . /x`),
  one("onbuild-stage", `FROM base AS a\nONBUILD RUN echo triggered > /t\nFROM a\nRUN echo after > /after`),
  one("continuation", `${passwdBase}RUN echo a \\\n  # comment\n  b \\\n\n  c > /abc`),
  one("escape-directive", "# escape=`\nFROM base\nRUN echo a `\n  b > /ab"),
  one(
    "target",
    "FROM base AS one\nRUN echo 1 > /1\nFROM base AS two\nRUN echo 2 > /2\nFROM one\nRUN echo 3 > /3",
    {},
    { target: "one" },
  ),
  one(
    "target-unknown",
    "FROM base AS build\nRUN true",
    {},
    { target: "bulid", fails: 'target stage "bulid" could not be found (did you mean build?)' },
  ),
  one(
    "unknown-instruction",
    "FROM base\nRUNN x",
    {},
    { fails: "unknown instruction: RUNN (did you mean RUN?)" },
  ),
  one("unused-stage-fails", "FROM base AS broken\nRUN exit 1\nFROM base\nRUN echo fine > /fine"),
  one(
    "mount-cache",
    `${passwdBase}RUN --mount=type=cache,target=/cache echo x > /cache/x && ls /cache > /list`,
  ),
  one("mount-bind", `${passwdBase}RUN --mount=type=bind,target=/src cat /src/a > /got`, {
    a: "from context",
  }),
  one(
    "mount-bind-from",
    `FROM base AS b\nRUN echo built > /b\nFROM base\nRUN --mount=from=b,source=/b,target=/m/b cat /m/b > /got`,
  ),
  one("mount-tmpfs", `${passwdBase}RUN --mount=type=tmpfs,target=/t touch /t/x && ls /t > /list`),
];

function one(name, dockerfile, files = {}, options = {}) {
  return { name, files: { Dockerfile: `${dockerfile}\n`, ...withoutEmptyDockerfile(files) }, ...options };
}

function withoutEmptyDockerfile({ Dockerfile: _ignored, ...files }) {
  return files;
}
