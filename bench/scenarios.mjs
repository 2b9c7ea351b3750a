import { randomBytes } from "node:crypto";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

/** Each makes a fresh context directory; `edit` changes one file of it. */
export const scenarios = [
  {
    name: "go",
    title: "Go example",
    baseImages: ["golang:latest", "alpine:latest"],
    create: (dir) => fresh(dir, () => cpSync("examples/go", dir, { recursive: true })),
    edit: (dir, run) => writeFileSync(path.join(dir, "src/main.go"), goProgram(run)),
  },
  {
    name: "stages16",
    title: "16 independent stages of `sleep 0.5`",
    baseImages: ["busybox:latest"],
    create: (dir) => fresh(dir, () => dockerfile(dir, independentStages(16))),
  },
  {
    name: "runs40",
    title: "40 small RUN steps",
    baseImages: ["busybox:latest"],
    create: (dir) =>
      fresh(dir, () =>
        dockerfile(dir, ["FROM busybox:latest", ...numbers(40).map((n) => `RUN echo ${n} > /f${n}`)]),
      ),
  },
  {
    name: "context50k",
    title: "`COPY . .` of 50,000 files, 200 MB",
    baseImages: ["busybox:latest"],
    create: (dir) =>
      fresh(dir, () => {
        dockerfile(dir, ["FROM busybox:latest", "WORKDIR /app", "COPY . ."]);
        manyFiles(dir, 50_000, 4096);
      }),
    edit: (dir, run) => writeFileSync(path.join(dir, "d7/f7"), `edited ${run} ${process.hrtime.bigint()}`),
  },
  {
    name: "few-of-many",
    title: "100 files copied out of 50,100",
    baseImages: ["busybox:latest"],
    create: (dir) =>
      fresh(dir, () => {
        dockerfile(dir, ["FROM busybox:latest", "COPY few /few"]);
        manyFiles(dir, 50_000, 16);
        mkdirSync(path.join(dir, "few"));
        for (const n of numbers(100)) writeFileSync(path.join(dir, `few/f${n}`), `${n}`);
      }),
  },
  {
    name: "big-file",
    title: "512 MB file made in one stage, copied to another",
    baseImages: ["busybox:latest"],
    create: (dir) =>
      fresh(dir, () =>
        dockerfile(dir, [
          "FROM busybox:latest AS make",
          "RUN dd if=/dev/zero of=/big bs=1M count=512",
          "FROM busybox:latest",
          "COPY --from=make /big /big",
        ]),
      ),
  },
];

function fresh(dir, create) {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  create();
}

function dockerfile(dir, lines) {
  writeFileSync(path.join(dir, "Dockerfile"), `${lines.join("\n")}\n`);
}

function independentStages(count) {
  const stages = numbers(count).flatMap((n) => [
    `FROM busybox:latest AS s${n}`,
    `RUN sleep 0.5 && echo ${n} > /out`,
  ]);
  const copies = numbers(count).map((n) => `COPY --from=s${n} /out /out${n}`);
  return [...stages, "FROM busybox:latest", ...copies];
}

function manyFiles(dir, count, sizeBytes) {
  const perDir = 500;
  for (let start = 0; start < count; start += perDir) {
    const sub = path.join(dir, `d${start / perDir}`);
    mkdirSync(sub, { recursive: true });
    for (const n of numbers(Math.min(perDir, count - start)))
      writeFileSync(path.join(sub, `f${n}`), randomBytes(sizeBytes));
  }
}

function goProgram(run) {
  return `package main\n\nimport "fmt"\n\nfunc main() {\n\tfmt.Println("run ${run} ${process.hrtime.bigint()}")\n}\n`;
}

function numbers(count) {
  return Array.from({ length: count }, (_, index) => index);
}
