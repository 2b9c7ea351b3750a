import type { Command } from "commander";
import type { CliIo } from "./cli-io.ts";

/** A command's module; loaded only when the command is used. */
export interface CommandModule {
  /** Adds arguments, options and the action to a command that has its name and summary already.
   * @param wholeProgram the program with every command defined */
  define(command: Command, io: CliIo, wholeProgram: () => Promise<Command>): void;
}

export interface CommandEntry {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly group: "Build:" | "Images:" | "More:";
  readonly summary: string;
  readonly load: () => Promise<CommandModule>;
}

/** Every command, in the order of the help text. */
export const commands: readonly CommandEntry[] = [
  {
    name: "build",
    group: "Build:",
    summary: "Build the stages that a target of a Dockerfile needs into an image",
    load: () => import("./commands/build.ts"),
  },
  {
    name: "plan",
    group: "Build:",
    summary: "Show which steps a build would run, and why, without running them",
    load: () => import("./commands/plan.ts"),
  },
  {
    name: "why",
    group: "Build:",
    summary: "Show what the last build ran, and why",
    load: () => import("./commands/why.ts"),
  },
  {
    name: "lock",
    group: "Build:",
    summary: "Pin the images, URLs and git refs of a Dockerfile in Dockerfile.lock",
    load: () => import("./commands/lock.ts"),
  },
  {
    name: "run",
    group: "Build:",
    summary: "Run an image, or a target of a Dockerfile that is built if it is stale",
    load: () => import("./commands/run.ts"),
  },
  {
    name: "compose",
    group: "Build:",
    summary: "Build and run the services of a Compose file",
    load: () => import("./commands/compose.ts"),
  },
  {
    name: "images",
    group: "Images:",
    summary: "List images, the one that was named last first",
    load: () => import("./commands/images.ts"),
  },
  {
    name: "inspect",
    group: "Images:",
    summary: "Show everything about images as JSON",
    load: () => import("./commands/inspect.ts"),
  },
  {
    name: "history",
    group: "Images:",
    summary: "Show how the layers of an image were made",
    load: () => import("./commands/history.ts"),
  },
  {
    name: "files",
    group: "Images:",
    summary: "List the files of an image or a stage",
    load: () => import("./commands/files.ts"),
  },
  {
    name: "size",
    group: "Images:",
    summary: "Show what makes an image or a stage large",
    load: () => import("./commands/size.ts"),
  },
  {
    name: "diff",
    group: "Images:",
    summary: "Show what differs between two images or stages",
    load: () => import("./commands/diff.ts"),
  },
  {
    name: "sbom",
    group: "Images:",
    summary: "List the packages of an image or a stage as SPDX or CycloneDX",
    load: () => import("./commands/sbom.ts"),
  },
  {
    name: "provenance",
    group: "Images:",
    summary: "Show how an image was built, as its builder says",
    load: () => import("./commands/provenance.ts"),
  },
  {
    name: "tag",
    group: "Images:",
    summary: "Give an image another name",
    load: () => import("./commands/tag.ts"),
  },
  {
    name: "rmi",
    group: "Images:",
    summary: "Remove images",
    load: () => import("./commands/rmi.ts"),
  },
  {
    name: "pull",
    group: "Images:",
    summary: "Bring images of a registry into the store",
    load: () => import("./commands/pull.ts"),
  },
  {
    name: "push",
    group: "Images:",
    summary: "Push images to a registry",
    load: () => import("./commands/push.ts"),
  },
  {
    name: "copy",
    group: "Images:",
    summary: "Copy an image between registries, layouts, archives and the store",
    load: () => import("./commands/copy.ts"),
  },
  {
    name: "manifest",
    group: "Images:",
    summary: "Make and show images for several platforms",
    load: () => import("./commands/manifest.ts"),
  },
  {
    name: "sign",
    group: "Images:",
    summary: "Sign images of a registry with a key",
    load: () => import("./commands/sign.ts"),
  },
  {
    name: "verify",
    group: "Images:",
    summary: "Check that images of a registry are signed with a key",
    load: () => import("./commands/verify.ts"),
  },
  {
    name: "attest",
    group: "Images:",
    summary: "Sign a statement about an image of a registry with a key",
    load: () => import("./commands/attest.ts"),
  },
  {
    name: "verify-attestation",
    group: "Images:",
    summary: "Check that a statement about an image of a registry is signed with a key, and show it",
    load: () => import("./commands/verify-attestation.ts"),
  },
  {
    name: "attach",
    group: "Images:",
    summary: "Put files beside an image of a registry, as an artifact about it",
    load: () => import("./commands/attach.ts"),
  },
  {
    name: "referrers",
    group: "Images:",
    summary: "List what a registry has about an image: attestations and other artifacts",
    load: () => import("./commands/referrers.ts"),
  },
  {
    name: "login",
    group: "Images:",
    summary: "Log in to a registry",
    load: () => import("./commands/login.ts"),
  },
  {
    name: "logout",
    group: "Images:",
    summary: "Log out of a registry",
    load: () => import("./commands/logout.ts"),
  },
  {
    name: "import",
    group: "Images:",
    summary: "Make an image out of a tar of a root file system",
    load: () => import("./commands/import.ts"),
  },
  {
    name: "export",
    group: "Images:",
    summary: "Write the files of an image as one tar",
    load: () => import("./commands/export.ts"),
  },
  {
    name: "save",
    group: "Images:",
    summary: "Write images as an archive for other tools",
    load: () => import("./commands/save.ts"),
  },
  {
    name: "load",
    group: "Images:",
    summary: "Take the images of an archive into the store",
    load: () => import("./commands/load.ts"),
  },
  {
    name: "du",
    group: "More:",
    summary: "Show what takes how much room in the store",
    load: () => import("./commands/du.ts"),
  },
  {
    name: "prune",
    group: "More:",
    summary: "Remove untagged images, results of steps that no image needs, and leftovers",
    load: () => import("./commands/prune.ts"),
  },
  {
    name: "doctor",
    group: "More:",
    summary: "Try whether this machine can build, and say what is missing",
    load: () => import("./commands/doctor.ts"),
  },
  {
    name: "completion",
    group: "More:",
    summary: "Print a script that completes commands and options in a shell",
    load: () => import("./commands/completion.ts"),
  },
];
