"""Runs a program with thousands of healthy training steps before its failure: healthy.py PROGRAM [ARGUMENT...]

HEALTHY_STEPS says how many. They go where the program would be after hours: into the loop that fails, after its first
round; without a loop, before the statement that fails, so that everything it works on was made long ago. Line numbers stay
as they are. A program's children that are started anew run it as it is.
"""
import ast
import itertools
import os
import sys


def healthy_steps():
    """Small steps, and now and then a size that never came before."""
    import torch
    from torch import nn

    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 2))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        for step in range(int(os.environ.get("HEALTHY_STEPS", "2000"))):
            model(torch.ones(1 + step % 50, 6)).pow(2).mean().backward()
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


def insert(tree, line):
    """Put the healthy steps into TREE, whose line LINE fails (0: not known)."""
    body = tree.body
    while True:
        doing = [statement for statement in body if does_something(statement)]
        loops = [statement for statement in doing if isinstance(statement, ast.For)]
        failing = next((statement for statement in doing if covers(statement, line)), None)
        statement = failing or (loops or doing)[-1]
        if isinstance(statement, ast.For):
            statement.iter = ast.copy_location(
                ast.Call(ast.Name("__healthy_rounds__", ast.Load()), [statement.iter], []), statement.iter)
        elif isinstance(statement, (ast.If, ast.With, ast.Try)):
            body = statement.body
            continue
        elif called(statement, tree):
            body = called(statement, tree).body
            continue
        else:
            call = ast.Expr(ast.Call(ast.Name("__healthy_steps__", ast.Load()), [], []))
            body.insert(body.index(statement), ast.copy_location(call, statement))
        ast.fix_missing_locations(tree)
        return


def main():
    program = sys.argv[1]
    with open(program) as file:
        source = file.read()
    marked = [number for number, text in enumerate(source.splitlines(), 1) if text.rstrip().endswith("# FAIL HERE")]
    tree = ast.parse(source, program)
    insert(tree, marked[0] if marked else 0)
    sys.argv[:] = sys.argv[1:]
    sys.path[0] = os.path.dirname(os.path.abspath(program))
    globals().update(__file__=program, __healthy_steps__=healthy_steps, __healthy_rounds__=rounds)
    exec(compile(tree, program, "exec"), globals())


main()
