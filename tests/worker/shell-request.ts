import type { RunRequest } from "../../src/worker/index.ts";

/** What a step needs beside its layers to run a shell script as root, in a sandbox. */
export function shellRequest(
  script: string,
): Pick<RunRequest, "args" | "env" | "cwd" | "user" | "network" | "security" | "mounts"> {
  return {
    args: ["/bin/sh", "-c", script],
    env: [],
    cwd: "/",
    user: "",
    network: "default",
    security: "sandbox",
    mounts: [],
  };
}
