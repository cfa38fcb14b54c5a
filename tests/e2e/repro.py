"""repro.py DIR: runs each NAME.py of DIR; it must raise what NAME.json tells that the case's program did, in 40 lines at most."""
import json
import pathlib
import sys

import torch

LINES_MOST = 40


def what_it_raises(path, text):
    try:
        exec(compile(text, path.name, "exec"), {"__name__": "__main__"})
    except Exception as exception:
        return type(exception).__name__, str(exception)
    return None, None


def what_it_must(facts):
    """What the program told; where TorchScript told it in words of its own, the operation's."""
    told, own = facts["told"], facts["own"] or {"message": ""}
    if own["message"] and own["message"] in told["message"][1:]:
        return "RuntimeError", own["message"]
    return told["type"], told["message"]


def main(directory):
    torch.set_num_threads(1)
    wrong = tried = 0
    for path in sorted(pathlib.Path(directory).glob("*.py")):
        text = path.read_text()
        wanted = what_it_must(json.loads(path.with_suffix(".json").read_text()))
        raised = what_it_raises(path, text)
        tried += 1
        if raised != wanted or len(text.splitlines()) > LINES_MOST:
            wrong += 1
            print(f"    {path}: {len(text.splitlines())} lines, raises {raised}, not {wanted}")
    print(f"    {tried} programs of `shapebox repro`, {wrong} of them wrong")
    return wrong != 0 or tried == 0


sys.exit(main(sys.argv[1]))
