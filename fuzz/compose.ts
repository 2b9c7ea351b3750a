import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { configText, loadProject, toBuildOptions } from "../src/compose/index.ts";
import { mutateText } from "./mutate.ts";
import { allowRefusal, type FuzzTarget } from "./target.ts";

const corpus = [
  'name: p\nservices:\n  a: {image: "x:${T:-1}", build: {context: ., args: [A=1], target: t}}\n',
  "services:\n  web:\n    build: .\n    environment: {A: 1, B: }\n    volumes: [./a:/b:ro]\n    depends_on: [db]\n    command: a 'b c'\n  db:\n    image: x\n",
  "x-c: &c {user: '1'}\nservices:\n  a:\n    <<: *c\n    image: ${X?needed}\n    ports: ['1:2']\n    ulimits: {nofile: 1}\n",
];
const directory = mkdtempSync(path.join(tmpdir(), "slipway-fuzz-compose-"));
process.on("exit", () => rmSync(directory, { recursive: true, force: true }));

/** Mutated Compose files: loaded, and their services turned into builds. */
export const composeTarget: FuzzTarget = {
  generate: (random) => mutateText(random, random.pick(corpus), corpus),
  attempt: async (input) => {
    writeFileSync(path.join(directory, "compose.yaml"), input);
    await allowRefusal(() => {
      const project = loadProject({ files: [], cwd: directory, env: { T: "2" } });
      for (const service of project.services.values())
        if (service.build) toBuildOptions(project, service, {});
      configText(project);
    });
  },
};
