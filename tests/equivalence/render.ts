import type { Stage, Step } from "./scenario.ts";

/** The text of a Dockerfile. References to stages are taken modulo the stages before. */
export function renderDockerfile(stages: readonly Stage[]): string {
  const lines = ["ARG A=global"];
  for (const [number, { base, steps }] of stages.entries()) {
    const from = base % (number + 1);
    lines.push(`FROM ${from === 0 ? "busybox" : stageName(from - 1)} AS ${stageName(number)}`);
    for (const step of steps) lines.push(renderStep(step, number));
  }
  return `${lines.join("\n")}\n`;
}

export function stageName(number: number): string {
  return `s${number}`;
}

function renderStep(step: Step, stage: number): string {
  switch (step.kind) {
    case "copy": {
      // ADD knows no --parents, and --exclude needs a directory to leave something out of
      const flags = step.isAdd ? step.flags.filter((flag) => flag !== "--parents") : step.flags;
      const dest = step.dest.endsWith("/") || step.sources.length === 1 ? step.dest : `${step.dest}/`;
      return [step.isAdd ? "ADD" : "COPY", ...flags, ...step.sources, dest].join(" ");
    }
    case "copy-from":
      return ["COPY", `--from=${sourceName(step.from, stage)}`, ...step.flags, step.source, step.dest].join(
        " ",
      );
    case "heredoc":
      return `COPY <<EOF ${step.dest}\n${step.text} $A\nEOF`;
    case "run": {
      const name = earlierStage(step.from, stage);
      const targets = new Map(step.mounts.map((mount) => [/target=([^,]*)/.exec(mount)![1], mount]));
      const mounts = [...targets.values()].map((mount) => `--mount=${mount.replace("STAGE", name)}`);
      const commands = step.commands.map((command) => `{ ${command}; } 2>/dev/null || true`);
      if (step.isHeredoc) return ["RUN", ...mounts, `<<EOF\n${commands.join("\n")}\nEOF`].join(" ");
      return ["RUN", ...mounts, commands.join("; ")].join(" ");
    }
    case "plain":
      return step.text;
  }
}

function sourceName(from: number | "extra", stage: number): string {
  return from === "extra" ? from : earlierStage(from, stage);
}

function earlierStage(from: number, stage: number): string {
  return stage === 0 ? "busybox" : stageName(from % stage);
}
