export { heredocContent } from "../parser/heredoc.ts";
export { type MountSharing, type MountType, mountFrom, parseMount, type RunMount } from "./mount.ts";
export { parseDockerfile, parseOnbuildTrigger, type ParseOptions } from "./parse-dockerfile.ts";
