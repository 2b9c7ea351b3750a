import fc from "fast-check";
import type { ContextFile, Edit, Scenario, Stage, Step } from "./scenario.ts";

const contextPaths = ["a", "b", "d", "d/x", "d/y", "d/sub/z", "e", "e/x", "h", "l", "t.tar"] as const;
const imagePaths = ["/w", "/w/a", "/w/d", "/w/d/x", "/w/d/new", "/o", "/o/a", "/l", "/etc/group"] as const;
/** Those that most copies take more often: an edit of what nobody reads tells nothing. */
const editedPaths = [...contextPaths, "a", "a", "b", "d/x", "d/x", "d/y", "e/x"] as const;
const sourcePaths = [
  ".",
  "a",
  "d",
  "d/",
  "d/x",
  "d/*",
  "*",
  "e",
  "h",
  "l",
  "t.tar",
  "d/sub/../y",
  "d/./sub/z",
  "[ab]",
  "**/x",
] as const;
const destPaths = ["/w/", ".", "./d/", "/w/d/", "/o", "/o/", "/o/$A", "/l/", "/w/new/deep/"] as const;
const texts = ["one", "two", "six"] as const;

const pick = <Value>(values: readonly Value[]) => fc.constantFrom(...values);
const index = fc.nat({ max: 7 });

/** What a context has before anything of a scenario is done to it, so that most copies find something. */
export const firstFiles: readonly ContextFile[] = [
  { path: "a", kind: "file", text: "one" },
  { path: "b", kind: "file", text: "two" },
  { path: "d/x", kind: "file", text: "one" },
  { path: "d/y", kind: "executable", text: "six" },
  { path: "d/sub/z", kind: "file", text: "two" },
  { path: "e/x", kind: "file", text: "one" },
  { path: "h", kind: "hard-link", text: "d/x" },
  { path: "l", kind: "link", text: "d" },
  { path: "t.tar", kind: "archive", text: "one" },
];

const contextFile: fc.Arbitrary<ContextFile> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      path: pick(contextPaths),
      kind: pick(["file", "file", "file", "executable", "directory"] as const),
      text: pick(texts),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      path: pick(["l", "d/sub/z", "b"]),
      kind: fc.constant("link" as const),
      text: pick(["d", "e", "a"]),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      path: pick(["h", "d/y", "e/x"]),
      kind: fc.constant("hard-link" as const),
      text: pick(["a", "b", "d/x"]),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      path: pick(["t.tar", "b"]),
      kind: fc.constant("archive" as const),
      text: pick(texts),
    }),
  },
);

const copyFlags = fc
  .tuple(
    pick(["", "", "", "--link"]),
    pick(["", "", "", "--chmod=640", "--chmod=u+x,go-r"]),
    pick(["", "", "", "--chown=1000:50", "--chown=app"]),
    pick(["", "", "", "--exclude=**/x", "--parents"]),
  )
  .map((flags) => flags.filter(Boolean));

/** Shell commands whose effect is the same each time; one that fails is no failure. `$P`, `$Q` become paths, perhaps the same one: what
 * is read is read to the end before anything is written, and no directory is copied into itself. Nothing opens the fifo. */
const commandTemplates = [
  "echo $A-$B > $P",
  "text=$(head -c 100 $P) && echo $text >> $Q",
  "mkdir -p $P",
  "rm -rf $P",
  "rm -rf $P && mkdir $P",
  "rm -rf $P && mkdir $P && echo new > $P/x",
  "mv $P $Q",
  "rm -rf /copy && cp -a $P /copy && cp -a /copy $Q",
  "chmod 700 $P",
  "chmod 4755 $P",
  "chown 7:8 $P",
  "ln -s $P $Q",
  "ln $P $Q",
  "mkfifo /w/d/fifo",
  "touch $P",
  "list=$(find /w /o /ctx /from | sort) && echo $list > $P",
  "find /w /o -type f | sort | xargs cat > /sum",
  "stat -c '%n %F %a %u %g' /w/* /o/* > /stat",
  "cp -r /ctx $P",
  "cp -r /from $P",
  "echo x >> /cache/x",
  "env | sort > /env",
  "pwd > $P",
] as const;

const command = fc
  .tuple(pick(commandTemplates), pick(imagePaths), pick(imagePaths))
  .map(([template, path, other]) => template.replaceAll("$P", path).replaceAll("$Q", other));

const someMounts = fc.subarray(
  [
    "type=bind,target=/ctx",
    "type=bind,target=/ctx,source=d,rw",
    "type=bind,target=/from,from=STAGE",
    "type=bind,target=/from,from=STAGE,source=/w",
    "type=bind,target=/from,from=extra",
    "type=cache,target=/cache",
    "type=cache,target=/cache,from=STAGE,id=two",
    "type=tmpfs,target=/w/d",
  ],
  { maxLength: 2 },
);
/** Only steps without any begin before their turn. */
const mounts = fc.oneof({ weight: 1, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: someMounts });

const plain = pick([
  "WORKDIR /w",
  "WORKDIR d",
  "WORKDIR /o/$A",
  "ENV B=env",
  "ENV B=$A$B",
  "ARG A",
  "ARG A=default",
  "ARG B=arg",
  "LABEL l=$A",
  "USER app",
  "USER 0",
  "EXPOSE 80",
  'CMD ["$A"]',
  'SHELL ["/bin/sh", "-ec"]',
  "VOLUME /w/d",
  "STOPSIGNAL 9",
  'ENTRYPOINT ["/$B"]',
  "ONBUILD COPY a /w/born",
  "ONBUILD ADD t.tar /o/",
  "ONBUILD ENV B=born",
]);

const copies: fc.WeightedArbitrary<Step>[] = [
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("copy" as const),
      isAdd: fc.boolean(),
      sources: fc.uniqueArray(pick(sourcePaths), { minLength: 1, maxLength: 2 }),
      dest: pick(destPaths),
      flags: copyFlags,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("copy-from" as const),
      from: index,
      source: pick(["/w", "/w/", "/w/d", "/o", "/w/a", "/w/*", "/w/./d", "/etc/group", "/l", "/sum"]),
      dest: pick(destPaths),
      flags: copyFlags,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("copy-from" as const),
      from: fc.constant("extra" as const),
      source: pick(["/", "/x", "*"]),
      dest: pick(destPaths),
      flags: copyFlags,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("heredoc" as const),
      dest: pick(imagePaths),
      text: pick(texts),
    }),
  },
  { weight: 3, arbitrary: plain.map((text) => ({ kind: "plain" as const, text })) },
];

const run: fc.WeightedArbitrary<Step> = {
  weight: 9,
  arbitrary: fc.record({
    kind: fc.constant("run" as const),
    commands: fc.array(command, { minLength: 1, maxLength: 3 }),
    mounts,
    isHeredoc: fc.boolean(),
    from: index,
  }),
};

const stage = (step: fc.Arbitrary<Step>): fc.Arbitrary<Stage> =>
  fc.record({ base: index, steps: fc.array(step, { minLength: 2, maxLength: 6 }) });

const edit = (step: fc.Arbitrary<Step>): fc.Arbitrary<Edit> =>
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("write" as const), file: contextFile }) },
    {
      weight: 10,
      arbitrary: fc.record({
        kind: pick(["chmod", "chmod", "delete", "touch", "rewrite", "rewrite"] as const),
        path: pick(editedPaths),
        mode: pick([0o600, 0o644, 0o755]),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("xattr" as const),
        path: pick(contextPaths),
        value: pick(["", "1", "2"]),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("rename" as const),
        path: pick(contextPaths),
        to: pick(contextPaths),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("ignore" as const),
        patterns: fc.subarray(["a", "d/*", "!d/x", "**/z", "*", "!b", "e"]),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("args" as const),
        args: fc.dictionary(pick(["A", "B"]), pick(["1", "2", ""])),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("step" as const),
        stage: index,
        position: index,
        step: fc.option(step, { nil: undefined }),
        inserts: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("target" as const), stage: index }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("no-cache" as const),
        stage: fc.option(index, { nil: undefined }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("lose" as const),
        what: pick(["layers", "records", "index", "blobs"] as const),
        nth: index,
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("base" as const), number: fc.nat({ max: 1 }) }) },
    { weight: 2, arbitrary: fc.constant({ kind: "beside" as const }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant("travel" as const), mode: pick(["min", "max"] as const) }),
    },
  );

const scenarioOf = (step: fc.Arbitrary<Step>): fc.Arbitrary<Scenario> =>
  fc.record({
    files: fc.array(contextFile, { minLength: 1, maxLength: 6 }),
    stages: fc.array(stage(step), { minLength: 1, maxLength: 4 }),
    edits: fc.array(edit(step), { minLength: 3, maxLength: 8 }),
  });

/** A container costs as much as ten copies: most scenarios have none. */
export const scenario: fc.Arbitrary<Scenario> = fc.oneof(
  { weight: 2, arbitrary: scenarioOf(fc.oneof(...copies)) },
  { weight: 1, arbitrary: scenarioOf(fc.oneof(...copies, run)) },
);
