import { createHash } from "node:crypto";
import { CodedError } from "../../errors/index.ts";
import type { ContainerConfig, Digest, DiffID, HistoryEntry } from "../../oci/index.ts";
import type { ImageConfigResolver, ResolvedImage, ResolveImageOptions } from "./options.ts";

const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const shell: ContainerConfig = { Env: [path], Cmd: ["sh"] };
const imported: HistoryEntry = { created: "2026-01-02T03:04:05Z", comment: "Imported from -" };
const metadata = (created_by: string): HistoryEntry => ({
  created: "2026-01-03T03:04:05Z",
  created_by,
  comment: "buildkit.dockerfile.v0",
  empty_layer: true,
});

/** The images that the cases were built from, by name. */
const images: Record<string, { config: ContainerConfig; history: HistoryEntry[] }> = {
  alpine: { config: shell, history: [imported] },
  busybox: { config: shell, history: [imported] },
  triggers: {
    config: {
      User: "1000",
      ExposedPorts: { "9000/tcp": {} },
      Env: [path, "BASE=1"],
      Entrypoint: ["/entry"],
      Cmd: ["run"],
      Volumes: { "/basevol": {} },
      WorkingDir: "/base",
      Labels: { from: "base" },
      ArgsEscaped: true,
      OnBuild: ["ENV TRIGGERED=yes", "COPY a.txt /onbuild/", "RUN true"],
    },
    history: [imported, metadata("ENV BASE=1")],
  },
  empty: { config: { Env: ["A=1"] }, history: [metadata("ENV A=1")] },
};

/** A registry of four images, which notes what it is asked for. */
export class FakeImages implements ImageConfigResolver {
  readonly asked: string[] = [];

  async resolveImageConfig(reference: string, options: ResolveImageOptions): Promise<ResolvedImage> {
    this.asked.push(`${options.platform.architecture} ${options.description}`);
    const name = /^docker\.io\/library\/([a-z]+):latest$/.exec(reference)?.[1] ?? "";
    const image = images[name];
    if (!image) throw new CodedError("NOT_FOUND", `${reference}: not found`);
    const { os, architecture } = options.platform;
    const layers = image.history.filter((entry) => !entry.empty_layer);
    return {
      reference,
      digest: digest(name) as Digest,
      config: {
        os,
        architecture,
        config: image.config,
        history: image.history,
        rootfs: { type: "layers", diff_ids: layers.map((_, index) => digest(`${index}`) as DiffID) },
      },
    };
  }
}

function digest(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}
