import { type Command, InvalidArgumentError } from "commander";
import type { CliIo } from "../cli-io.ts";
import type { BuildFlags } from "../flags/build-options.ts";
import { type CallFlags, parseCall } from "../flags/parse-call.ts";
import { addUnsupportedOptions } from "../flags/unsupported-options.ts";
import { type GlobalFlags, openCliStore } from "../open-images.ts";

export function define(command: Command, io: CliIo): void {
  addCallOptions(addBuildOptions(command)).action(async (context: string) => {
    const given = command.optsWithGlobals<BuildFlags & GlobalFlags & CallFlags>();
    const call = parseCall(given);
    if (call) {
      const { runCall } = await import("../run-call.ts");
      await runCall({ call, context, flags: given, store: openCliStore(given, io) }, io);
      return;
    }
    const [{ build }, { runBuild }] = await Promise.all([
      import("../../build/index.ts"),
      import("../run-build.ts"),
    ]);
    const flags = command.optsWithGlobals<BuildFlags & GlobalFlags>();
    const store = openCliStore(flags, io);
    await runBuild((options, work) => build(options, { store, ...work }), context, flags, io);
  });
}

function addCallOptions(command: Command): Command {
  return command
    .optionsGroup("What to ask instead of building:")
    .option(
      "--call <method>",
      "Answer a question about the build: check, outline or targets, as text or with ,format=json (default: build)",
    )
    .option("--check", "Short for --call check: report what is wrong or odd in the Dockerfile");
}

/** Adds the arguments and options of `docker build`. */
export function addBuildOptions(command: Command): Command {
  command
    .usage("[OPTIONS] CONTEXT | URL | -")
    .argument(
      "<context>",
      "directory that COPY and ADD read from, URL of a git repository or an archive, or - for an archive or a Dockerfile on standard input",
    )
    .optionsGroup("What to build:")
    .option("-f, --file <file>", "Dockerfile (default: CONTEXT/Dockerfile), or - for standard input")
    .option(
      "--build-context <name=value>",
      "Files or an image to use under a name: a directory, a URL, docker-image://REF, oci-layout://DIR[:TAG], target:STAGE",
      collect,
      [],
    )
    .option("--target <stage>", "Stage to build (default: the last one)")
    .option("--build-arg <name=value>", "Set a build argument, or take it from the environment", collect, [])
    .option("--label <name=value>", "Set a label of the image", collect, [])
    .option(
      "--secret <spec>",
      "Lend a secret to the build: id=ID,src=FILE or id=ID,env=NAME; with ,scan=false the image may hold it",
      collect,
      [],
    )
    .option("--ssh <spec>", "Lend an SSH agent or keys to the build: ID[=SOCKET|KEY[,KEY]]", collect, [])
    .option(
      "--allow <privilege>",
      "Let steps ask for network.host, security.insecure or device[=NAME]",
      collect,
      [],
    )
    .option("--network <mode>", "Network of RUN steps: default, none, host")
    .option("--add-host <name=ip>", "Add a name to the /etc/hosts of RUN steps", collect, [])
    .option("--ulimit <limit>", "Set a limit of RUN steps: NAME=SOFT[:HARD]", collect, [])
    .option("--shm-size <bytes>", "Size of /dev/shm in RUN steps (default: 64m)")
    .option(
      "--platform <platforms>",
      "Platforms of the image, e.g. linux/arm64,linux/amd64 (default: $DOCKER_DEFAULT_PLATFORM, else this machine's)",
      collect,
      [],
    )
    .optionsGroup("What to make of it:")
    .option("-t, --tag <name>", "Name of the image, NAME[:TAG]; may be repeated", collect, [])
    .option(
      "-o, --output <dest>",
      "Where to write the result: type=docker|oci|tar|local|registry|cacheonly,dest=FILE, a directory, or - for a tar",
      collect,
      [],
    )
    .option(
      "--annotation <name=value>",
      "Set an annotation of the image: NAME=VALUE, or TYPE[[PLATFORM]]:NAME=VALUE with manifest, manifest-descriptor, index or index-descriptor",
      collect,
      [],
    )
    .option(
      "--attest <spec>",
      "Say something of the image: type=sbom, or type=provenance,mode=min|max; with ,form=referrer beside it and not in its index",
      collect,
      [],
    )
    .option("--provenance <value>", "Short for --attest type=provenance: true, false or mode=min|max")
    .option("--sbom <value>", "Short for --attest type=sbom: true or false")
    .option("--push", "Push the image to the registries of its names; the same as -o type=registry")
    .option(
      "--load [engine]",
      "Hand the image to docker, podman, containerd, kind, k3d or minikube, as in --load=kind:CLUSTER (default: the first that is found)",
    )
    .option("--iidfile <file>", "Write the image's ID to a file")
    .option("--metadata-file <file>", "Write what was built as JSON to a file")
    .optionsGroup("How to build:")
    .option("--no-cache", "Run every step again")
    .option("--no-cache-filter <stages>", "Run every step of these stages again", collect, [])
    .option("--verify", "Run recorded steps again and compare: the first file that differs is named")
    .option("--reproducible", "Give the same image for the same inputs, on every machine and day")
    .option(
      "--cache-from <source>",
      "Where results of other machines are: type=local,src=DIR or type=registry,ref=NAME",
      collect,
      [],
    )
    .option(
      "--cache-to <dest>",
      "Where to keep the results for other machines: type=local,dest=DIR, type=registry,ref=NAME, or type=inline for in the image",
      collect,
      [],
    )
    .option(
      "--frozen",
      "Fail unless Dockerfile.lock knows every image, URL and git ref, and none has moved since",
    )
    .option("--pull", "Ask the registry for newer base images")
    .option("-j, --jobs <number>", "How many steps may run at once (default: 8 for each core)", parseJobs)
    .optionsGroup("What to show:")
    .option("--progress <mode>", "auto, tty, plain, rawjson or quiet (default: $SLIPWAY_PROGRESS or auto)")
    .option("-q, --quiet", "Show nothing, and print the image's ID at the end");
  addUnsupportedOptions(command);
  return command;
}

function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}

function parseJobs(value: string): number {
  if (!/^[1-9]\d{0,3}$/.test(value)) throw new InvalidArgumentError("a number from 1 on is needed.");
  return Number(value);
}
