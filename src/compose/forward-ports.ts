import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { ComposeError } from "./compose-error.ts";
import type { PortForward, Service } from "./project.ts";

/** Services listen on the host's network, so that what a forward adds is another number: for this machine. */
const address = "127.0.0.1";

/** Listens where services are to be found under other port numbers than their own, and passes connections on, until it is disposed of.
 * @throws {ComposeError} `COMPOSE_PORT` a port cannot be had, or two services listen on one */
export async function forwardPorts(services: readonly Service[]): Promise<AsyncDisposable> {
  checkTargets(services);
  const sockets = new Set<Socket>();
  const servers: Server[] = [];
  const close = () => {
    for (const server of servers) server.close();
    for (const socket of sockets) socket.destroy();
  };
  try {
    for (const { name, forwards } of services)
      for (const forward of forwards) servers.push(await listen(name, forward, sockets));
  } catch (error) {
    close();
    throw error;
  }
  return { [Symbol.asyncDispose]: async () => close() };
}

/** Which of two services would answer is not to be known. */
function checkTargets(services: readonly Service[]): void {
  const users = new Map<number, string>();
  for (const { name, forwards } of services) {
    for (const target of new Set(forwards.map((forward) => forward.target))) {
      const other = users.get(target);
      if (other !== undefined)
        throw new ComposeError(
          "COMPOSE_PORT",
          `Services "${other}" and "${name}" both listen on port ${target}`,
          {
            hint: "services share the host's network: let one of them listen on another port",
          },
        );
      users.set(target, name);
    }
  }
}

async function listen(
  name: string,
  { published, target }: PortForward,
  sockets: Set<Socket>,
): Promise<Server> {
  const server = createServer((incoming) => {
    const outgoing = connect({ host: address, port: target });
    for (const socket of [incoming, outgoing]) {
      sockets.add(socket);
      socket.on("error", () => {}); // its close tells the other side
      socket.once("close", () => sockets.delete(socket));
    }
    incoming.once("close", () => outgoing.destroy());
    outgoing.once("close", () => incoming.destroy());
    incoming.pipe(outgoing).pipe(incoming);
  });
  server.listen({ host: address, port: published });
  try {
    await once(server, "listening");
    return server;
  } catch (error) {
    const message = `Cannot publish port ${published} of service "${name}"`;
    throw new ComposeError("COMPOSE_PORT", `${message}: ${(error as Error).message}`, { cause: error });
  }
}
