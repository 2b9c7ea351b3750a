const noContainers = "no container is kept: slipway run stays in the foreground until its command has ended";
const foreground = "services live as long as slipway compose up does, in the foreground";

const noBake = "bake files are not read: use slipway compose build, or slipway build for each target";
const noBuilders = "there are no builders to choose from: slipway builds on this machine";

/** Commands of `docker` that people type here, of one word or two, each with what to do instead. */
export const dockerCommands: ReadonlyMap<string, string> = new Map([
  ...["attach", "container", "create", "kill", "pause", "port", "ps", "rename", "restart", "rm"].map(
    withNoContainers,
  ),
  ...["start", "stats", "stop", "top", "unpause", "update", "wait"].map(withNoContainers),
  ["bud", "use slipway build"],
  ["bake", noBake],
  ["builder", "use slipway du and slipway prune"],
  ["builder build", "use slipway build"],
  ["builder prune", "use slipway prune"],
  ["buildx", 'leave "buildx" out: slipway build'],
  ["buildx bake", noBake],
  ...["create", "inspect", "ls", "rm", "stop", "use"].map((command): [string, string] => [
    `buildx ${command}`,
    noBuilders,
  ]),
  ["buildx du", "use slipway du"],
  ["buildx imagetools", "use slipway manifest, and slipway copy"],
  ["buildx prune", "use slipway prune"],
  ["cache", "use slipway du and slipway prune"],
  ["commit", "no container is kept: write the step into a Dockerfile"],
  ["cp", "write the files of a target with slipway build -o DIR, those of an image with slipway export"],
  ["docker", 'leave "docker" out'],
  ["docker-compose", "use slipway compose"],
  ["down", "use slipway compose down"],
  ["exec", "no container is kept: start another one with slipway run IMAGE COMMAND"],
  ["image", 'leave "image" out: slipway images, rmi, inspect, history, pull, push, tag, save, load, prune'],
  ["image build", "use slipway build"],
  ["image ls", "use slipway images"],
  ["image list", "use slipway images"],
  ["image prune", "use slipway prune for untagged images, and slipway rmi for others"],
  ["image rm", "use slipway rmi"],
  ["info", "use slipway doctor"],
  ["logs", "no container is kept: the output of slipway run is that of its command"],
  ["events", noContainers],
  ["ls", "use slipway images"],
  ["network", "there are no networks: steps and services share the host's"],
  ["search", "names of images are found on the pages of their registry"],
  ["trust", "use slipway sign and slipway verify"],
  ["scout", "slipway sbom lists the packages of an image"],
  ["system", "use slipway du, slipway prune and slipway doctor"],
  ["system df", "use slipway du"],
  ["system info", "use slipway doctor"],
  ["system prune", "use slipway prune"],
  ["up", "use slipway compose up"],
  ["volume", "use slipway du --verbose, slipway compose down --volumes and slipway prune --volumes"],
]);

/** The same of `docker compose`. */
export const composeCommands: ReadonlyMap<string, string> = new Map([
  ...["attach", "create", "kill", "pause", "port", "ps", "restart", "rm"].map(withForeground),
  ...["start", "stats", "top", "unpause", "wait"].map(withForeground),
  ["cp", `${foreground}: bind a directory of the host with volumes`],
  ["exec", `${foreground}: start another container with slipway compose run SERVICE COMMAND`],
  ["commit", "write the step into a Dockerfile"],
  ["events", foreground],
  ["export", "use slipway export IMAGE"],
  ["images", "use slipway images"],
  ["publish", "a project is its files; push images with slipway compose build --push"],
  ["volumes", "there are no named volumes"],
  ["logs", `${foreground}, and their output is its output`],
  ["ls", `${foreground}: there is no list of projects`],
  ["pull", "slipway compose build --pull asks for newer base images, slipway pull for an image"],
  ["push", "use slipway compose build --push, or slipway push"],
  ["scale", "one container runs per service"],
  ["stop", "use slipway compose down"],
  ["version", "use slipway version"],
  ["watch", "files are not watched"],
]);

function withNoContainers(command: string): readonly [string, string] {
  return [command, noContainers];
}

function withForeground(command: string): readonly [string, string] {
  return [command, foreground];
}
