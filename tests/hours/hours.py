"""Every case's program as it is, and with healthy steps before its failure in the smallest box: what the report says must be
the same but for the counts.

hours.py BUILD STEPS [CASE...]: prints a line a case, ends with 1 if one differs. Cases that are not run are listed with the reason:
they expect no failure, need a package that isn't there, or are LEFT_OUT. What may differ, and why, is in MAY_DIFFER.
hours.py BUILD list: the names of those that are run. hours.py BUILD left-out: the others, with their reasons.
"""
import importlib.util
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

LEFT_OUT = {
    "messages_groups": "which of its ranks is told, one whose connection broke or one that was ended, is a matter of chance",
    "judge_shorter_side": "which of its two workers fails first, with which pictures, is a matter of chance",
    "pool_futures": "its program does nothing but start the pool: the steps have no place before its spawned workers",
    "early_end": "the process that fails runs no operation",
    "early_exit": "the process that fails runs no operation",
    "killed_inside": "its process is killed: the report has where, and no way there",
}
# Case, what differs (a key of `essence`), why that can't be otherwise or is right.
MAY_DIFFER = {
    **{name: {"history": "of more than 8 sizes the smallest and the largest outlive the ring: whether one between came before isn't known"}
       for name in ("news_crop", "clipped_board", "judge_checkpoint_moe", "judge_wave_unet")},
    "padding_inside": {"origin": "what each call made of what it was given is known of the calls that are kept",
                       "causes": "the same: that nothing was cut before is told where enough such calls are kept"},
    "qwen2vl_ranks": {"history": "how many rows a mask picked is known of the calls that are kept: none, with all the steps between two calls"},
    "ranks_kind": {"causes": "what is a step's own is known once there are steps: the collective's argument, made on its line, comes before it"},
    "judge_segformer_dice": {"causes": "one batch: the steps can only stand between the model and its loss, and no model's way is kept so long"},
    "judge_short_wave": {"history": "layers of one line whose weights have the same sizes are told apart while their calls are kept, not later"},
    "judge_new_longloss": {"origin": "of the operations that torch.tensor() is made of, the last is the one that outlives the ring"},
    "judge_new_batchnorm": {"history": "how much a line made is known of the calls that are kept, where it isn't as much as it was given"},
    "judge_hidden_eval": {"origin": "which of a conversion's operations made the parameter is known while they are kept; the line is the same"},
    "judge_unpad_rows": {key: "the steps stand between a forward and its backward, where no program has any: nothing of the forward is kept"
                         for key in ("operands", "origin", "causes", "history")},
    "judge_thread_pool": {key: "its thread fails while the main thread takes the steps: the operation is overwritten before anybody asks the future; frames and locals are not"
                          for key in ("phase", "operands", "mismatch", "origin", "history")},
    "judge_average_head": {"origin": "of the operations that a parameter is copied by, the last is the one that outlives the ring; the line is the same",
                           "causes": "the same"},
    "multiple_check": {"history": "that no call but the one whose size was checked had that size is known while that call is kept"},
    "sound_overview": {"causes": "of how many pieces the newest were is told of the calls that are kept; the rest is the same"},
    "checkpoint_schedule": {"causes": "in how many steps forward and recomputation were alike is told of the calls that are kept; the rest is the same"},
    "span_length": {"causes": "between which sizes the earlier ones were is told of the calls that are kept; the rest is the same"},
    "cache_of_before": {"causes": "that the keys are of an earlier batch is known while what they were made of is kept; without it they are something made once"},
    "generate_eval": {"origin": "the numbers are counted on from one dead tensor to the next, through more operations than this box keeps"},
}
BUSY = 3  # the cases' own timeouts are for one at a time

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)


def case_read(name):
    case = {"run": "python {program}", "options": "", "env": [], "expect": [], "timeout": "120"}
    with open(f"{TESTS}/e2e/cases/{name}.case") as file:
        for line in file:
            word, _, rest = line.strip().partition(": ")
            if word in ("env", "expect"):
                case[word].append(rest)
            else:
                case[word] = rest
    return case


def expects_failure(case):
    return case.get("exit", "0") != "0" or any(line.startswith("failure") and line != "failure null" for line in case["expect"])


def way_of(failure, program):
    """For healthy.py: the lines of PROGRAM that lead to FAILURE, from where its process or thread begins, without a foreign frame between."""
    frames = list(reversed(failure.get("stack") or []))
    if any((frame["file"] or "").endswith(("torch/utils/data/_utils/worker.py", "multiprocessing/spawn.py")) for frame in frames):
        return {}  # the steps are its parent's: a loader's worker is started for each epoch, a spawned process runs the program as it is
    frames = list(itertools.dropwhile(lambda frame: frame["file"] != program, frames))
    where = failure.get("where") or {}
    if failure["phase"] == "backward":  # it is of one step with its forward, which is where it is told
        frames = [where if (where.get("file"), where.get("function")) == (frame["file"], frame["function"]) else frame for frame in frames]
    lines = [str(frame["line"]) for frame in itertools.takewhile(lambda frame: frame["file"] == program, frames)]
    first = not (failure.get("history") or {}).get("seen_before") and not failure.get("step")
    return {"HEALTHY_LINES": ",".join(lines), "HEALTHY_FIRST": str(int(first))}


def report(case, build, work, steps, way={}):
    """The report of a run: as it is (0 steps), or after so many."""
    program = f"{TESTS}/programs/{case['program']}"
    words = []
    for word in case["run"].split():
        if word in ("python", "torchrun"):
            words.append(f"{build}/venv/bin/{word}")
        elif word == "{program}":
            words += [f"{HERE}/healthy.py", program] if steps else [program]
        else:
            words.append(word.replace("{bin}", f"{build}/venv/bin"))
    environment = dict(os.environ, OMP_NUM_THREADS="1", HF_HUB_OFFLINE="1", GLOO_SOCKET_IFNAME="lo",
                       PYTHONDONTWRITEBYTECODE="1", HEALTHY_STEPS=str(steps), **way)
    environment.update(entry.split("=", 1) for entry in case["env"])
    trace = f"{work}/{'long' if steps else 'short'}"
    options = case["options"].split() + (["--size", os.environ.get("SOAK_BOX", "1M")] if steps else [])
    subprocess.run([f"{build}/shapebox", "run", "--quiet", "--output", trace, *options, "--", *words], env=environment, cwd=work,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                   timeout=int(case["timeout"]) * BUSY + steps // 20, check=False)
    text = subprocess.run([f"{build}/shapebox", "report", trace, "--format", "json"], stdout=subprocess.PIPE, timeout=120,
                          check=False).stdout
    return json.loads(text)


def plain(text):
    """TEXT without what counts: events, steps, how many calls there were and how many of them are kept."""
    if not isinstance(text, str):
        return text
    text = re.sub(r"\(?events? \d+(( and |, )\d+)*\)?|(, )?at step \d+(, no longer kept)?| of step \d+|0x[0-9a-f]+", "", text)
    text = text.replace(" ()", "")
    text = re.sub(r"(the last )?[\d,]+ earlier calls?", "earlier calls", text)
    text = re.sub(r"(none on this way): the last came from [^;]*", r"\1", text)  # known of the calls that are kept
    text = re.sub(r"\(from \d+ to (\d+)\)", r"(asked for \1)", text)  # what a call made outlives the ring, not what it was told
    return re.sub(r"in each of the last \d+|every time", "always", text).strip()


LATELY = r"in the last \d+ "


def lately(one, other):
    """ONE without the dimensions of which either says that the newest calls alone are known: what calls made, unless it was an operand's."""
    dims = [dim for text in (one, other) for dim in re.findall(LATELY + r"(dimension \d+ of \S+)", text)]
    parts = re.split("(; |: )", one)
    return "".join(part for part in parts if not any(dim in part for dim in dims) and "than ever before" not in part).strip("; :")


def essence(failure):
    """What must not change."""
    if not failure:
        return None
    origin, where, history = failure.get("origin") or {}, failure.get("where") or {}, failure.get("history") or {}
    mismatch = failure.get("mismatch") or {}
    same = {
        "kind": failure["kind"], "operation": failure["operation"], "phase": failure["phase"],
        "where": [where.get(key) for key in ("file", "line", "function")],
        "exception": [failure["exception"].get("type"), plain(failure["exception"].get("message"))] if failure["exception"] else None,
        "operands": [[operand[key] for key in ("name", "variable", "shape", "dtype", "device")] for operand in failure["operands"]],
        "mismatch": {key: value for key, value in mismatch.items() if key != "text"},
        "origin": [origin.get("operation"), origin.get("where")],
        # What is only possible may rest on how lately a tensor was made, which is just what differs here.
        "causes": [[cause["rule"], cause["confidence"], plain(cause["text"]), plain(cause["fix"])]
                   for cause in failure["causes"] if cause["confidence"] != "possible"],
        "history": plain(history.get("text")),
    }
    for key in ("operation", "phase", "where", "operands") if failure["kind"] == "signal" else ():
        del same[key]  # what a process was in when somebody ended it is a matter of chance
    return same


def taken_in(long):
    return max(process["events"] for process in long["processes"])


def check(name, build, steps):
    case = case_read(name)
    work = tempfile.mkdtemp(prefix="shapebox-hours-")
    try:
        short = report(case, build, work, 0)
        if not short["failure"]:
            print(f"not run {name:28} its report has no failure", flush=True)
            return "not run"
        long = report(case, build, work, steps, way_of(short["failure"], f"{TESTS}/programs/{case['program']}"))
        if taken_in(long) < 10 * steps:  # that way is a spawned process's, which runs the program as it is: its parent takes them
            shutil.rmtree(f"{work}/long")
            long = report(case, build, work, steps)
        one, other = essence(short["failure"]), essence(long["failure"])
        if one and other and re.search(LATELY, other["history"] or ""):
            one["history"], other["history"] = (lately(one["history"] or "", other["history"]), lately(other["history"], one["history"] or ""))
        differing = [key for key in one if one[key] != other.get(key)] if one and other else ["failure"]
        taken = taken_in(long)
        if taken < 10 * steps:
            differing.append(f"only {taken} operations: the healthy steps were not taken")
        excused = MAY_DIFFER.get(name, {})
        failed = [key for key in differing if key not in excused]
        print(f"{'FAILED' if failed else 'ok    '}  {name:28} {taken:9} operations", flush=True)
        for key in differing:
            print(f"    {key}{': ' + excused[key] if key in excused else ''}", flush=True)
            if key not in excused:
                print(f"      short {one and one.get(key)}\n      long  {other and other.get(key)}", flush=True)
        return "differs" if failed else "excused" if differing else "same"
    except subprocess.TimeoutExpired as timeout:
        print(f"FAILED  {name:28} took longer than {timeout.timeout:.0f} s: {' '.join(timeout.cmd[:3])}", flush=True)
        return "differs"
    finally:
        shutil.rmtree(work, ignore_errors=True)


def why_not(name):
    """The reason for which a case is not run, None if it is."""
    case = case_read(name)
    missing = [module for module in case.get("needs", "").split() if not importlib.util.find_spec(module)]
    if name in LEFT_OUT:
        return LEFT_OUT[name]
    if not expects_failure(case):
        return "no failure is expected"
    return f"not installed: {' '.join(missing)}" if missing else None


def main():
    names = sorted(entry[:-5] for entry in os.listdir(f"{TESTS}/e2e/cases") if entry.endswith(".case"))
    names = [name for name in names if not sys.argv[3:] or name in sys.argv[3:]]
    left = {name: why_not(name) for name in names if why_not(name)}
    names = [name for name in names if name not in left]
    if sys.argv[2] == "list":
        print(*names, sep="\n")
        return
    for name, why in left.items():
        print(f"not run {name:28} {why}")
    if sys.argv[2] == "left-out":
        return
    build, steps = os.path.abspath(sys.argv[1]), int(sys.argv[2])
    results = [check(name, build, steps) for name in names]
    print(f"{len(results)} programs: {results.count('same')} the same, {results.count('excused')} differ as they may, "
          f"{results.count('differs')} differ; {len(left) + results.count('not run')} not run")
    sys.exit(0 if results and "differs" not in results else 1)


main()
