# Installs Debian packages that are missing, after saying so. Sourced by ./demo and ./test.
# Usage: install_missing PACKAGE...

install_missing() {
  missing=""
  for package in "$@"; do
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
  done
  [ -n "$missing" ] || return 0
  command -v apt-get >/dev/null || die "these packages are missing, and apt-get is not here to install them:$missing"
  [ "$(id -u)" = 0 ] || die "these packages are missing; install them as root, then start again: apt-get install$missing"
  say "Installing Debian packages:$missing"
  apt_log=$(mktemp)
  if ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; } >"$apt_log" 2>&1; then
    cat "$apt_log" >&2
    rm -f "$apt_log"
    die "apt-get could not install them"
  fi
  rm -f "$apt_log"
}

# Brings node_modules up to package-lock.json.
install_node_modules() {
  command -v node >/dev/null && command -v npm >/dev/null || die "Node.js 20.19 or newer and npm are needed"
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
    die "Node.js 20.19 or newer is needed, this is $(node --version)"
  if [ node_modules/.package-lock.json -nt package-lock.json ]; then return 0; fi
  say "Installing npm packages from package-lock.json into node_modules/"
  # Not "npm ci": it refuses a lock file that lacks optional packages of other platforms, as npm writes it where a
  # registry has none of them.
  npm install --no-save --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error
}

say() { printf '==> %s\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }
