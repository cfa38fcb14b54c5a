"""wheel.py TREE VERSION LICENCE FOLDER: put TREE (made by tree.sh) into a wheel in FOLDER, and print its path.

A wheel is a zip file whose "data" folder pip copies below the environment's prefix. Nothing in it is Python, so one
file serves every Python 3.8 or newer. The same tree gives the same bytes.
"""
import base64
import hashlib
import pathlib
import sys
import zipfile

SUMMARY = "A flight recorder for the shapes of PyTorch's tensors"
PYTHON = ">=3.8"
TAG = "py3-none-manylinux_2_28_x86_64"
DESCRIPTION = """\
Put `shapebox run --` in front of the command that trains:

    shapebox run -- python train.py
    shapebox report

After a failure the report says which operation failed, at which line, with which operands, where the wrong size came
from, why, and what to change. See `shapebox help` and `man shapebox`.
"""


def hashed(data):
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def main(tree, version, licence, folder):
    tree = pathlib.Path(tree)
    info = f"shapebox-{version}.dist-info"
    data = f"shapebox-{version}.data"
    files = []  # name, bytes, executable
    for path in sorted(p for p in tree.rglob("*") if p.is_file()):
        inner = path.relative_to(tree)
        place = f"{data}/scripts/{inner.name}" if inner.parts[0] == "bin" else f"{data}/data/{inner}"
        files.append((place, path.read_bytes(), inner.parts[0] == "bin"))
    metadata = (f"Metadata-Version: 2.1\nName: shapebox\nVersion: {version}\nSummary: {SUMMARY}\nLicense: Apache-2.0\n"
                f"Requires-Python: {PYTHON}\nClassifier: Operating System :: POSIX :: Linux\n"
                f"Description-Content-Type: text/markdown\n\n{DESCRIPTION}")
    files.append((f"{info}/METADATA", metadata.encode(), False))
    files.append((f"{info}/WHEEL", f"Wheel-Version: 1.0\nGenerator: shapebox\nRoot-Is-Purelib: false\nTag: {TAG}\n".encode(), False))
    files.append((f"{info}/LICENSE", pathlib.Path(licence).read_bytes(), False))
    record = "".join(f"{name},{hashed(content)},{len(content)}\n" for name, content, _ in files) + f"{info}/RECORD,,\n"
    files.append((f"{info}/RECORD", record.encode(), False))

    target = pathlib.Path(folder) / f"shapebox-{version}-{TAG}.whl"
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, content, executable in files:
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o100755 if executable else 0o100644) << 16
            wheel.writestr(entry, content)
    print(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
