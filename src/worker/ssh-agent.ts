import { chmodSync, chownSync, closeSync, mkdirSync, openSync } from "node:fs";
import net from "node:net";
import type { WorkerMount } from "./protocol.ts";
import type { Defer } from "./undo.ts";

/** Serves the agent behind `mount.socket` on `<directory>/agent`, a socket with the asked owner and mode: the step's user need
 * not be able to reach the original. */
export async function serveSshAgent(
  directory: string,
  mount: Extract<WorkerMount, { type: "ssh" }>,
  defer: Defer,
): Promise<void> {
  mkdirSync(directory, { mode: 0o700 });
  const server = net.createServer((client) => {
    const agent = net.connect(mount.socket);
    client.pipe(agent).pipe(client);
    client.on("error", () => agent.destroy());
    agent.on("error", () => client.destroy());
  });
  // A socket's path has at most 107 bytes, which a store's path may pass.
  const fd = openSync(directory, "r");
  try {
    const socket = `/proc/self/fd/${fd}/agent`;
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(socket, resolve));
    chownSync(socket, mount.uid, mount.gid);
    chmodSync(socket, mount.mode & 0o777);
  } finally {
    closeSync(fd);
  }
  defer(() => void server.close());
}
