import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeImages } from "./fake-images.ts";
import { convert, onlyOp, printGraph } from "./test-helpers.ts";

async function graph(text: string, settings: Parameters<typeof convert>[1] = {}): Promise<string[]> {
  return printGraph((await convert(text, settings)).definition);
}

const fromAlpine = "#0 docker-image://docker.io/library/alpine:latest";

test("every step is an operation on the one before", async () => {
  assert.deepEqual(await graph("FROM alpine\nWORKDIR src\nCOPY . .\nRUN make\nUSER 5\nCMD x"), [
    fromAlpine,
    '#1 file on #0: mkdir {"path":"/src","mode":493,"makeParents":true}',
    "#2 local://context",
    "#3 file on #1: copy #2:/ /src/ (followSymlink copyDirContents createDestPath allowWildcard allowEmptyWildcard)",
    "#4 exec on #3 in /src: /bin/sh -c make",
  ]);
});

test("only the stages that the target needs are in the graph, and only their images are asked for", async () => {
  const resolver = new FakeImages();
  const text =
    "FROM alpine AS a\nRUN a\nFROM nosuch AS b\nRUN b\nFROM busybox AS c\nCOPY --from=a /x /y\nFROM c";
  const result = await convert(text, { resolver, target: "c" });
  assert.deepEqual(printGraph(result.definition), [
    fromAlpine,
    "#1 docker-image://docker.io/library/busybox:latest",
    "#2 exec on #0 in /: /bin/sh -c a",
    "#3 file on #1: copy #2:/x /y (followSymlink copyDirContents createDestPath allowWildcard allowEmptyWildcard)",
  ]);
  assert.deepEqual(resolver.asked, [
    "amd64 [internal] load metadata for docker.io/library/alpine:latest",
    "amd64 [internal] load metadata for docker.io/library/busybox:latest",
  ]);
  assert.deepEqual(result.stagesBuilt, ["a", "c"]);
  assert.deepEqual(result.stagesSkipped, ["b", "stage-3"]);
  assert.equal(result.target, "c");
  assert.deepEqual(result.localContexts, []);
});

test("equal work in two stages is one vertex", async () => {
  const text = "FROM alpine AS a\nRUN x\nFROM alpine AS b\nRUN x\nFROM a\nCOPY --from=b / /b";
  const { definition } = await convert(text);
  const execs = [...definition.vertices.values()].filter(({ op }) => op.kind === "exec");
  assert.equal(execs.length, 1);
});

test("several sources are several actions of one operation", async () => {
  assert.deepEqual(
    await graph("FROM scratch\nADD --chown=5 --chmod=u=rwX --exclude=*.o a ../b /d/ /x/", {
      contextIgnorePatterns: ["node_modules", "!keep"],
    }),
    [
      "#0 local://context node_modules !keep",
      `#1 file on scratch: ${["/a", "/b", "/d"]
        .map(
          (source) =>
            `copy #0:${source} /x/ (owner={"user":5,"group":5} mode="u=rwX" excludePatterns=["*.o"] followSymlink copyDirContents attemptUnpack createDestPath allowWildcard allowEmptyWildcard)`,
        )
        .join("; ")}`,
    ],
  );
});

test("a linked copy is made on nothing and laid upon the stage", async () => {
  const copy =
    '(owner={"user":5,"group":5} followSymlink copyDirContents createDestPath allowWildcard allowEmptyWildcard)';
  assert.deepEqual(await graph("FROM alpine\nWORKDIR /w\nCOPY --link --chown=5 a b/\nRUN x"), [
    fromAlpine,
    '#1 file on #0: mkdir {"path":"/w","mode":493,"makeParents":true}',
    "#2 local://context",
    `#3 file on scratch: copy #2:/a /w/b/ ${copy}`,
    "#4 merge #1 #3",
    "#5 exec on #4 in /w: /bin/sh -c x",
  ]);
});

test("a linked copy into scratch is a copy", async () => {
  const linked = await graph("FROM scratch\nCOPY --link a b");
  assert.deepEqual(linked, await graph("FROM scratch\nCOPY a b"));
});

for (const flag of ["--chmod=644", "--chown=app", "--chown=5:app"]) {
  test(`a linked copy with ${flag} is an ordinary one`, async () => {
    const linked = await graph(`FROM alpine\nCOPY --link ${flag} a b`);
    assert.deepEqual(linked, await graph(`FROM alpine\nCOPY ${flag} a b`));
  });
}

for (const text of [
  "COPY --chown=app a b",
  "COPY --link --chown=:app a b",
  "ADD --chown=0:app a b",
  "USER app\nWORKDIR /w",
]) {
  test(`scratch has no names: ${text.replace("\n", ", ")}`, async () => {
    await assert.rejects(graph(`FROM scratch\n${text}`), { message: "invalid user index: -1" });
  });
}

test("--parents keeps the pivot", async () => {
  const { actions } = onlyOp(
    (await convert("FROM scratch\nCOPY --parents a/b ../x/./y/../z **/*.txt /d/")).definition,
    "file",
  );
  assert.deepEqual(
    actions.map((action) => action.kind === "copy" && [action.source, action.parents]),
    [
      ["/./a/b", true],
      ["/x/./z", true],
      ["/./**/*.txt", true],
    ],
  );
});

test("a heredoc is a file of its own tree, expanded unless its name is quoted", async () => {
  assert.deepEqual(await graph('FROM scratch\nENV V=1\nCOPY <<A <<"B" /d/\n"$V" \\$\nA\n$V\nB\n'), [
    '#0 file on scratch: mkfile {"path":"/A","mode":420,"data":"\\"1\\" $\\n"}',
    '#1 file on scratch: mkfile {"path":"/B","mode":420,"data":"$V\\n"}',
    "#2 file on scratch: copy #0:/A /d/ (createDestPath); copy #1:/B /d/ (createDestPath)",
  ]);
});

test("a RUN heredoc whose #! is behind a tab is text for the shell, as in BuildKit", async () => {
  const lines = await graph("FROM alpine\nRUN <<-X\n\t#!/bin/awk -f\n\tX\n");
  assert.ok(
    lines.every((line) => !line.includes("mkfile")),
    lines.join("\n"),
  );
});

test("a RUN heredoc that begins with #! is a script in a mount", async () => {
  assert.deepEqual(await graph("FROM alpine\nRUN <<X\n#!/bin/awk -f\n$1\nX\n"), [
    fromAlpine,
    '#1 file on scratch: mkfile {"path":"/X","mode":493,"data":"#!/bin/awk -f\\n$1\\n"}',
    "#2 exec on #0 in /: /bin/sh -c /dev/pipes/X bind:/dev/pipes(input=#1,readonly=true)",
  ]);
});

test("mounts: sources, defaults, order", async () => {
  const text = `FROM alpine AS src
FROM alpine
WORKDIR /w
ENV ID=go
RUN --mount=type=secret,id=key --mount=type=ssh --mount=type=tmpfs,target=/t,size=1k \\
  --mount=type=cache,target=z,id=$ID,sharing=locked,uid=7,mode=0700 --mount=type=cache,target=/c,from=src,source=d \\
  --mount=target=/a,rw --mount=from=busybox,source=/bin,target=/b \\
  --mount=type=secret,id=tok,env=TOKEN,required x`;
  const { definition } = await convert(text, { buildArgs: { BUILDKIT_CACHE_MOUNT_NS: "ns" } });
  const exec = onlyOp(definition, "exec");
  assert.deepEqual(exec.mounts.slice(1), [
    { type: "bind", dest: "/a", input: 2, readonly: false },
    { type: "bind", dest: "/b", input: 3, selector: "/bin", readonly: true },
    {
      type: "cache",
      dest: "/c",
      id: "ns//c",
      sharing: "shared",
      input: 1,
      selector: "/d",
      mode: 0o755,
      uid: 0,
      gid: 0,
      readonly: false,
    },
    { type: "tmpfs", dest: "/t", sizeBytes: 1024 },
    {
      type: "cache",
      dest: "/w/z",
      id: "ns/go",
      sharing: "locked",
      input: -1,
      mode: 0o700,
      uid: 7,
      gid: 0,
      readonly: false,
    },
    {
      type: "secret",
      dest: "/run/secrets/key",
      id: "key",
      mode: 0o400,
      uid: 0,
      gid: 0,
      required: false,
    },
    {
      type: "ssh",
      dest: "/run/buildkit/ssh_agent.0",
      id: "default",
      mode: 0o600,
      uid: 0,
      gid: 0,
      required: false,
    },
  ]);
  assert.deepEqual(exec.secretEnv, [{ id: "tok", name: "TOKEN", required: true }]);
  assert.equal(exec.env.at(-1), "SSH_AUTH_SOCK=/run/buildkit/ssh_agent.0");
});

test("ENV and ARG are the environment, in order of last assignment; a config from outside adds to neither", async () => {
  const { definition } = await convert("FROM busybox\nARG A=1\nENV B=2\nARG A=3 C\nENV A=4 PATH=/x\nRUN x");
  assert.deepEqual(onlyOp(definition, "exec").env, ["B=2", "A=4", "PATH=/x"]);
});

test("proxy settings go beside the environment, under both spellings", async () => {
  const { definition } = await convert("FROM alpine\nRUN x", {
    buildArgs: { http_proxy: "P", No_Proxy: "N" },
  });
  const { env, proxyEnv } = onlyOp(definition, "exec");
  assert.deepEqual(env, ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]);
  assert.deepEqual(proxyEnv, ["HTTP_PROXY=P", "http_proxy=P", "NO_PROXY=N", "no_proxy=N"]);
});

test("network, security, host name and limits", async () => {
  const options = {
    network: "none",
    allow: { insecure: true, networkHost: true },
    hostname: "h",
    shmSizeBytes: 5,
  } as const;
  const { definition } = await convert("FROM alpine\nRUN --network=host --security=insecure x", options);
  const { network, security, hostname, shmSizeBytes } = onlyOp(definition, "exec");
  assert.deepEqual([network, security, hostname, shmSizeBytes], ["host", "insecure", "h", 5]);
  const other = onlyOp((await convert("FROM alpine\nRUN x", options)).definition, "exec");
  assert.equal(other.network, "none");
});

test("no-cache makes RUN, COPY and ADD run again, WORKDIR and FROM not", async () => {
  const text = "FROM alpine AS a\nWORKDIR /w\nRUN x\nFROM a AS b\nADD x /x\nRUN y";
  const ignored = async (settings: object) =>
    [...(await convert(text, settings)).definition.vertices.values()]
      .filter(({ metadata }) => metadata.ignoreCache)
      .map(({ metadata }) => metadata.description);
  assert.deepEqual(await ignored({ noCacheFilter: ["A"] }), ["[a 3/3] RUN x"]);
  assert.deepEqual(await ignored({ noCache: true }), ["[a 3/3] RUN x", "[b 1/2] ADD x /x", "[b 2/2] RUN y"]);
});

test("an image without layers is an empty tree with a config", async () => {
  const { definition, config, baseImage } = await convert("FROM empty\nENV B=2");
  assert.equal(definition.root, undefined);
  assert.deepEqual(config.config.Env?.slice(0, 1), ["A=1"]);
  assert.equal(baseImage?.reference, "docker.io/library/empty:latest");
});

test("a WORKDIR of a user belongs to that user", async () => {
  const { definition } = await convert("FROM alpine\nUSER app:staff\nWORKDIR /h\n");
  const [action] = onlyOp(definition, "file").actions;
  assert.deepEqual(action?.kind === "mkdir" && action.owner, { user: "app", group: "staff" });
});

test("vertices carry their line", async () => {
  const { definition } = await convert("FROM alpine\n\nRUN a \\\n  b\n");
  const { metadata } = definition.vertices.get(definition.root!)!;
  assert.equal(metadata.location?.range.startLine, 3);
  assert.equal(metadata.location?.range.endLine, 4);
  assert.equal(metadata.stage, "stage-0");
});
