"""Runs a program with thousands of healthy training steps before its failure: healthy.py PROGRAM [ARGUMENT...]

HEALTHY_STEPS says how many. They go where the program would be after hours. HEALTHY_LINES, the program's own lines from where the
failing process or thread begins down to the failure ("40,22"), say where that is: in the innermost loop around them, after its first
round; without a loop, or with HEALTHY_FIRST (it fails in the first round), before the statement, so that everything it works on was made
long ago. Without HEALTHY_LINES: the line marked FAIL HERE, or the last loop. Line numbers stay as they are, a process takes them once.
A program's children that are started anew run it as it is.
"""
import ast
import itertools
import multiprocessing
import os
import sys


FORWARD_MOST = 6  # forwards that are as many operations as a step
taken_by = set()


def healthy_steps():
    """Small steps, and now and then a size that never came before."""
    if os.getpid() in taken_by:
        return
    taken_by.add(os.getpid())
    import torch
    from torch import nn

    steps = int(os.environ.get("HEALTHY_STEPS", "2000"))
    with torch.random.fork_rng(devices=[]), torch.inference_mode(False), torch.set_grad_enabled(multiprocessing.parent_process() is None):
        model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 2))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        for step in range(steps):
            batch = torch.ones(1 + step % 50, 6)
            if not torch.is_grad_enabled():  # autograd's threads don't live on in a forked child
                for _ in range(FORWARD_MOST):
                    model(batch).pow(2).mean()
                continue
            model(batch).pow(2).mean().backward()
            optimizer.step()
            optimizer.zero_grad()


def healthy_between():
    """Yields nothing; the healthy steps are taken when it is asked."""
    healthy_steps()
    yield from ()


def rounds(items):
    """The items of a loop; the healthy steps come after the first round. No frame of ours stands between the loop and its items."""
    left = iter(items)
    return itertools.chain(itertools.islice(left, 1), healthy_between(), left)


def covers(statement, line):
    return statement.lineno <= line <= statement.end_lineno


def is_definition(statement):
    return isinstance(statement, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef))


def does_something(statement):
    """Neither a definition nor a mere print."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    printed = isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "print"
    return not is_definition(statement) and not isinstance(statement, (ast.Import, ast.ImportFrom)) and not printed


def called(statement, tree):
    """The program's own function that STATEMENT calls, if that is all it does."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    name = call.func.id if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) else None
    return next((node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name), None)


def go_round(loop):
    loop.iter = ast.copy_location(ast.Call(ast.Name("__healthy_rounds__", ast.Load()), [loop.iter], []), loop.iter)


def go_before(body, statement):
    call = ast.Expr(ast.Call(ast.Name("__healthy_steps__", ast.Load()), [], []))
    body.insert(body.index(statement), ast.copy_location(call, statement))


def way_to(body, line):
    """The statements around LINE of the function (or module) it is in, outermost first, each with the list that it stands in."""
    for statement in body:
        if not covers(statement, line):
            continue
        way = [] if is_definition(statement) else [(body, statement)]
        for name in ("body", "orelse", "finalbody"):
            way += way_to(getattr(statement, name, []), line)
        for handler in getattr(statement, "handlers", []):
            way += way_to(handler.body, line)
        return way
    return []


def insert_by_lines(tree, lines, first):
    """Put the healthy steps into TREE, whose LINES lead to the failure; FIRST: of a loop, in its first round."""
    ways = [way for way in (way_to(tree.body, line) for line in lines) if way]
    if not ways:
        return False
    looping = next((way for way in ways if any(isinstance(statement, ast.For) for _, statement in way)), None)
    loops = [at for at, (_, statement) in enumerate(looping or []) if isinstance(statement, ast.For)]
    if loops and not first:
        go_round(looping[loops[-1]][1])
    else:
        go_before(*(looping[loops[0]] if loops else ways[0][-1]))
    return True


def insert(tree, line):
    """Put the healthy steps into TREE, whose line LINE fails (0: not known)."""
    body = tree.body
    inside = False  # a function without a loop, of which no line is known: the steps come first
    while True:
        doing = [statement for statement in body if does_something(statement)]
        loops = [statement for statement in doing if isinstance(statement, ast.For)]
        failing = next((statement for statement in doing if covers(statement, line)), None)
        statement = failing or (doing[0] if inside and not loops else (loops or doing)[-1])
        if isinstance(statement, ast.For):
            go_round(statement)
        elif isinstance(statement, (ast.If, ast.With, ast.Try)):
            body = statement.body
            continue
        elif called(statement, tree):
            body = called(statement, tree).body
            inside = True
            continue
        else:
            go_before(body, statement)
        return


def main():
    program = sys.argv[1]
    with open(program) as file:
        source = file.read()
    lines = [int(line) for line in os.environ.get("HEALTHY_LINES", "").split(",") if line]
    marked = [number for number, text in enumerate(source.splitlines(), 1) if text.rstrip().endswith("# FAIL HERE")]
    tree = ast.parse(source, program)
    if not insert_by_lines(tree, lines, os.environ.get("HEALTHY_FIRST") == "1"):
        insert(tree, marked[0] if marked else 0)
    ast.fix_missing_locations(tree)
    sys.argv[:] = sys.argv[1:]
    sys.path[0] = os.path.dirname(os.path.abspath(program))
    globals().update(__file__=program, __healthy_steps__=healthy_steps, __healthy_rounds__=rounds)
    exec(compile(tree, program, "exec"), globals())


main()
