"""said.py: what the rendering of reports prints in English is looked up in the language that is set: no literal with words goes to a
page, a label or a table's header without SAY. (That what is looked up has its Chinese, tests/unit/test_language.c tells.)"""
import glob, os, re, sys

PRINTS = {"page_add", "page_format", "page_plural", "report_label", "report_line", "report_verdict", "report_causes", "line_end", "holders", "headers"}
# what is in these isn't printed, or said already
OTHERS = {"SAY", "report_string", "report_integer", "json_object_get", "strcmp", "strncmp", "language_word", "text_get"}
# names and commands are the same in every language
NAMES = re.compile(r"^,? ?(torch|Python|shapebox .*|--.*|dtype|pid|rank) ?$|^ --last|^shapebox ")
# a program, a log's cells, what issue templates ask for, and what `assert` tells a build server: English
NOT = re.compile(r"(environment_text|repro_text|event_text|contract_text)\.c$")
TOKEN = re.compile(r'/\*.*?\*/|"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|[A-Za-z_]\w*|\s+|.', re.S)

os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
files = [f for f in glob.glob("viewer/rendering/report_*.c") + glob.glob("viewer/rendering/*_text.c") if not NOT.search(f)]
left, looked = [], 0
for file in files:
    stack, name, line = [], None, 1  # of open brackets, what stands before each
    for token in TOKEN.findall(open(file, encoding="utf-8").read()):
        if token in "([{":
            stack.append(name)
        elif token in ")]}" and stack:
            stack.pop()
        elif token.startswith('"'):
            near = [n for n in stack if n in PRINTS or n in OTHERS]
            text = re.sub(r"%[-+*.0-9]*[a-z]+|\\n", "", token[1:-1])
            looked += 1
            if near and near[-1] in PRINTS and re.search(r"[A-Za-z]{2}", text) and not NAMES.match(text):
                left.append(f"{file}:{line}: {token}")
        line += token.count("\n")
        if re.match(r"[A-Za-z_]", token):
            name = token
        elif not token.isspace() and token not in "=":
            name = None
if left or looked < 300:
    print("not said by SAY:" if left else f"only {looked} literals seen: the check is broken")
    print("\n".join(left))
    sys.exit(1)
