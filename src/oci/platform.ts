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

/** The platform this process runs on. */
export function hostPlatform(): Platform {
  return { os: "linux", architecture: goArch[process.arch] ?? process.arch };
}
