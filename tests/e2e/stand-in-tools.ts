/** Small scripts that do to files what the tools of the patterns do: they need what the real ones need, and leave results where
 * those would, made from the sources that they see. */
export const standInTools: Readonly<Record<string, string>> = {
  go: `
case "$1" in
mod) test -f go.mod; mkdir -p /go/pkg/mod; touch /go/pkg/mod/downloaded ;;
test) ls ./*_test.go; test -e /go/pkg/mod/downloaded ;;
build)
  out=; while [ $# -gt 0 ]; do [ "$1" = -o ] && out=$2; shift; done
  mkdir -p "$(dirname "$out")"
  { echo '#!/bin/sh'; echo "# $GOOS $GOARCH $(cat ./*.go | sha256sum)"; } > "$out"; chmod 755 "$out" ;;
esac`,
  cargo: `
case "$1 $2" in
install*) touch /usr/local/bin/cargo-chef ;;
"chef prepare") test -e /usr/local/bin/cargo-chef; test -f src/main.rs; sha256sum Cargo.toml > recipe.json ;;
"chef cook") test ! -e src; mkdir -p target/release/deps; cp recipe.json target/release/deps/ ;;
build*) test -e target/release/deps/recipe.json; { echo '#!/bin/sh'; echo "# $(cat src/*.rs | sha256sum)"; } > target/release/app
  chmod 755 target/release/app ;;
esac`,
  corepack: "true",
  "run-script": `sh -c "$(sed -n 's/.*"build": "\\([^"]*\\)".*/\\1/p' package.json)"`,
  pnpm: `
case "$*" in
"install --frozen-lockfile") test -f pnpm-lock.yaml; test -f packages/api/package.json; test ! -e packages/api/src
  mkdir -p node_modules /pnpm/store ;;
"-r run build") test -d node_modules; for p in packages/*; do (cd "$p" && run-script); done ;;
*deploy*) mkdir -p /prod/api; cp -r packages/api/package.json packages/api/dist /prod/api/ ;;
*) exit 9 ;;
esac`,
  npm: `
case "$1" in
ci) test -f package-lock.json; mkdir -p node_modules; cp package.json node_modules/installed ;;
run) test -e node_modules/installed; run-script ;;
esac`,
  mvn: `
case "$*" in
*go-offline) test ! -e src; mkdir -p ~/.m2/repository ;;
*) test -d ~/.m2/repository; mkdir -p target; cat pom.xml src/main/java/*.java | sha256sum > target/app-1.jar ;;
esac`,
  uv: `
mkdir -p .venv/bin /root/.cache/uv; test -s uv.lock; sha256sum pyproject.toml > .venv/deps
case "$*" in *--no-install-project*) test ! -e app ;; *) cat app/*.py | sha256sum > .venv/project ;; esac`,
  composer: `
case "$1" in
install) test -s composer.lock; mkdir -p vendor; echo '<?php' > vendor/autoload.php ;;
dump-autoload) test -e vendor/autoload.php; find src -name '*.php' | sort >> vendor/autoload.php ;;
esac`,
  useradd: `name=; uid=999
while [ $# -gt 0 ]; do case "$1" in --uid) uid=$2; shift ;; --gid) shift ;; -*) ;; *) name=$1 ;; esac; shift; done
echo "$name:x:$uid:$uid::/home/$name:/bin/sh" >> /etc/passwd; echo "$name:x:$uid:" >> /etc/group`,
  groupadd: "true",
  addgroup: "true",
  adduser: `name=; for name; do :; done; useradd --uid 100 "$name"`,
  python: `case "$*" in *compileall*) find . -name '*.py' | sort ;; *unittest*) ls test_*.py; echo OK ;; esac`,
  pip: "mkdir -p /root/.cache/pip; touch /usr/python-packages",
  dotnet: `
case "$1" in
restore) test ! -e Program.cs; mkdir -p obj; cp ./*.csproj obj/ ;;
publish) test -d obj; mkdir -p /app; cat ./*.cs | sha256sum > /app/App.dll ;;
esac`,
  "apt-get": `
mkdir -p /var/lib/apt/lists /var/cache/apt/archives /usr/share/doc
case "$1" in
update) touch /var/lib/apt/lists/index ;;
install) test -e /var/lib/apt/lists/index; shift
  for p; do case "$p" in -*) ;; *) touch "/usr/share/doc/$p" "/var/cache/apt/archives/$p.deb" ;; esac; done ;;
esac`,
  apk: `mkdir -p /var/lib/apk
case "$1" in add) echo "$*" >> /var/lib/apk/world ;; del) sed -i "/$2/d" /var/lib/apk/world ;; esac`,
  bundle: "test -f Gemfile.lock; mkdir -p $BUNDLE_PATH/cache $BUNDLE_PATH/gems; touch $BUNDLE_PATH/gems/rake",
  mix: `
case "$1" in
deps.get) test ! -e lib; mkdir -p deps ;;
compile) test -d deps ;;
release) mkdir -p _build/prod/rel/demo/bin; cat lib/*.ex | sha256sum > _build/prod/rel/demo/bin/demo ;;
esac`,
  cmake: `
case "$1" in
-S) test -f "$2/CMakeLists.txt"; cp "$2/hello.c" "$4/" ;;
--build) sha256sum < "$2/hello.c" > "$2/hello"; chmod 755 "$2/hello" ;;
--install) mkdir -p "$4/bin"; cp "$2/hello" "$4/bin/hello" ;;
esac`,
  hugo: `mkdir -p /public; find content -type f | sort > /public/index.html`,
};
