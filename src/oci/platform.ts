import { OciError } from "./oci-error.ts";

/** An OCI platform; `architecture` in Go's names (`amd64`, `arm64`). */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly "os.version"?: string;
}

const goArch: Partial<Record<NodeJS.Architecture, string>> = {
  x64: "amd64",
  ia32: "386",
  arm64: "arm64",
  arm: "arm",
  ppc64: "ppc64le",
  riscv64: "riscv64",
  s390x: "s390x",
  loong64: "loong64",
};

const knownSystems = new Set(
  "aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris windows zos".split(
    " ",
  ),
);
const knownArchitectures = new Set(
  "386 amd64 amd64p32 arm armbe arm64 arm64be ppc64 ppc64le loong64 mips mipsle mips64 mips64le mips64p32 mips64p32le ppc riscv riscv64 s390 s390x sparc sparc64 wasm".split(
    " ",
  ),
);

/** The platform this process runs on. */
export function hostPlatform(): Platform {
  return { os: "linux", architecture: goArch[process.arch] ?? process.arch };
}

const component = /^[A-Za-z0-9_.-]+$/;

/** Parses `os/architecture[/variant]`, or one of the two alone: the other is then the host's. Normalised.
 * @throws {OciError} `INVALID_PLATFORM` */
export function parsePlatform(text: string): Platform {
  const parts = text.split("/");
  for (const part of parts) {
    if (!component.test(part))
      throw invalid(
        `${JSON.stringify(part)} is an invalid component of ${JSON.stringify(text)}: platform specifier component must match "${component.source}"`,
      );
  }
  if (parts.length > 3) throw invalid(`${JSON.stringify(text)}: cannot parse platform specifier`);
  const [first, architecture, variant] = parts as [string, string?, string?];
  if (architecture !== undefined) return normalizePlatform({ os: first, architecture, ...pick(variant) });
  const host = hostPlatform();
  const asSystem = normalizePlatform({ ...host, os: first });
  if (knownSystems.has(asSystem.os)) return asSystem;
  const asArchitecture = normalizePlatform({ os: host.os, architecture: first });
  if (knownArchitectures.has(asArchitecture.architecture)) return asArchitecture;
  throw invalid(`${JSON.stringify(text)}: unknown operating system or architecture`);
}

/** `os/architecture[/variant]`, e.g. `linux/arm/v7`. */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, variant].filter(Boolean).join("/");
}

/** Go's names instead of other common ones (`aarch64`, `x86_64`, `armhf`), and no variant where it is the usual one, except
 * for arm, which always has one. */
export function normalizePlatform(platform: Platform): Platform {
  const { os, architecture, variant, ...rest } = platform;
  const [normalArchitecture, normalVariant] = normalizeArchitecture(
    architecture.toLowerCase(),
    variant?.toLowerCase() ?? "",
  );
  const normalOs = os.toLowerCase() === "macos" ? "darwin" : os.toLowerCase();
  return { os: normalOs, architecture: normalArchitecture, ...pick(normalVariant), ...rest };
}

function normalizeArchitecture(architecture: string, variant: string): [string, string] {
  switch (architecture) {
    case "i386":
      return ["386", ""];
    case "x86_64":
    case "x86-64":
    case "amd64":
      return ["amd64", variant === "v1" ? "" : variant];
    case "aarch64":
    case "arm64":
      return ["arm64", variant === "8" || variant === "v8" ? "" : variant];
    case "armhf":
      return ["arm", "v7"];
    case "armel":
      return ["arm", "v6"];
    case "arm":
      return ["arm", /^\d$/.test(variant) ? `v${variant}` : variant || "v7"];
    default:
      return [architecture, variant];
  }
}

function pick(variant: string | undefined): { variant?: string } {
  return variant ? { variant } : {};
}

/** In containerd's words, which BuildKit passes on. */
function invalid(reason: string): OciError {
  return new OciError("INVALID_PLATFORM", `${reason}: invalid argument`);
}
